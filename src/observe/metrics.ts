/** What a monitor asks of Sluice: counts of what has been, and how it stands now. */

import manifest from "../../package.json" with { type: "json" };
import type { Health } from "../engine/engine.ts";
import type { BudgetUse } from "./budget.ts";
import { Counter, exposition, Histogram, type Metric, Names, now } from "./prometheus.ts";
import { isAnswered, type RequestRecord, type RequestWatcher } from "./request.ts";

/** How many clients, and how many models, have values of their own: their names are chosen elsewhere. */
const mostNames = 50;

const untilText = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const untilEnd = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Counts requests since Sluice started. */
export class Metrics implements RequestWatcher {
  readonly #requests = new Counter("sluice_requests_total", "Requests that ended, by how they did.", [
    "api",
    "outcome",
  ]);
  readonly #answers = new Counter("sluice_answers_total", "Requests that were served, by the way they took.", ["way"]);
  readonly #clients = new Counter("sluice_client_answers_total", "Answers by client.", ["client"]);
  readonly #models = new Counter("sluice_model_answers_total", "Answers by model.", ["model"]);
  readonly #tokens = new Counter("sluice_tokens_total", "Tokens by model and kind.", ["model", "kind"]);
  readonly #cost = new Counter("sluice_cost_dollars_total", "List price, as far as Claude Code has reported it.", [
    "model",
  ]);
  readonly #untilText = new Histogram(
    "sluice_time_to_first_text_seconds",
    "From a request to the first content of its answer.",
    untilText,
    ["api"],
  );
  readonly #untilEnd = new Histogram("sluice_request_duration_seconds", "From a request to its end.", untilEnd, [
    "api",
  ]);
  readonly #clientNames = new Names(mostNames);
  readonly #modelNames = new Names(mostNames);
  #running = 0;

  began(): void {
    this.#running++;
  }

  ended(record: RequestRecord): void {
    this.#running--;
    const { api, way, outcome = "bug", ms = 0, firstTextMs } = record;
    this.#requests.add(1, api, outcome);
    this.#untilEnd.observe(ms / 1000, api);
    if (firstTextMs !== undefined) this.#untilText.observe(firstTextMs / 1000, api);
    if (way !== undefined) this.#answers.add(1, way);
    // Who is not let in gives no names.
    if (isAnswered(record)) this.#count(record);
  }

  /** All of it as text, with the state of the engine and of the budgets. */
  render({ engine, detail }: Health, budgets: readonly BudgetUse[]): string {
    const counted = [this.#requests, this.#answers, this.#clients, this.#models, this.#tokens, this.#cost];
    return exposition([
      now("gauge", "sluice_info", "What runs.", [[{ version: manifest.version, engine }, 1]]),
      ...counted,
      this.#untilText,
      this.#untilEnd,
      now("gauge", "sluice_requests_running", "Requests that run or wait now.", [[{}, this.#running]]),
      ...processes(detail),
      ...limits(detail["rate_limits"]),
      now(
        "gauge",
        "sluice_budget_used_ratio",
        "How much of a budget is used.",
        budgets.map(({ period, unit, used, limit }) => [{ period, unit }, used / limit]),
      ),
      ...itself(),
    ]);
  }

  #count({ client, model = "", usage, costUsd }: RequestRecord): void {
    const name = this.#modelNames.of(model);
    this.#clients.add(1, this.#clientNames.of(client));
    this.#models.add(1, name);
    if (costUsd !== undefined) this.#cost.add(costUsd, name);
    if (usage === undefined) return;
    this.#tokens.add(usage.input_tokens, name, "input");
    this.#tokens.add(usage.output_tokens, name, "output");
    this.#tokens.add(usage.cache_read_input_tokens, name, "cache_read");
    this.#tokens.add(usage.cache_creation_input_tokens, name, "cache_write");
  }
}

/** The processes of the CLI, where there are any. */
function processes(detail: Health["detail"]): Metric[] {
  const count = (name: string) => (typeof detail[name] === "number" ? detail[name] : undefined);
  const all = count("processes");
  const idle = ["spares", "live", "parked", "starting"].map(
    (name) => [name.replace(/s$/, ""), count(name) ?? 0] as const,
  );
  const running =
    all &&
    Math.max(
      0,
      idle.reduce((rest, [, number]) => rest - number, all),
    );
  const states = [...idle, ["running", running ?? 0] as const];
  return [
    now(
      "gauge",
      "sluice_processes",
      "Claude Code processes by state.",
      all === undefined ? [] : states.map(([state, number]) => [{ state }, number]),
    ),
    now("gauge", "sluice_queue_length", "Requests that wait for a process.", [[{}, count("waiting")]]),
    now("counter", "sluice_process_starts_total", "Claude Code processes that were started.", [[{}, count("started")]]),
    now("counter", "sluice_process_crashes_total", "Claude Code processes that ended by themselves.", [
      [{}, count("crashed")],
    ]),
  ];
}

/** The subscription's windows, where the CLI has told of any. */
function limits(told: unknown): Metric[] {
  const windows = Object.entries(told ?? {}).flatMap(([window, limit]: [string, unknown]) =>
    typeof limit === "object" && limit !== null ? [[{ window }, limit as Record<string, unknown>] as const] : [],
  );
  const values = (name: string) =>
    windows.map(([labels, limit]) => [labels, typeof limit[name] === "number" ? limit[name] : undefined] as const);
  return [
    now("gauge", "sluice_rate_limit_used_ratio", "How much of a subscription's window is used.", values("utilization")),
    now("gauge", "sluice_rate_limit_reset_timestamp_seconds", "When the window begins anew.", values("reset")),
  ];
}

/** What every program tells, under the names that all use. */
function itself(): Metric[] {
  const { user, system } = process.cpuUsage();
  const started = Math.round(performance.timeOrigin) / 1000;
  return [
    now("counter", "process_cpu_seconds_total", "Time of the processors.", [[{}, (user + system) / 1e6]]),
    now("gauge", "process_resident_memory_bytes", "Memory, without Claude Code's.", [[{}, process.memoryUsage.rss()]]),
    now("gauge", "process_start_time_seconds", "When Sluice started.", [[{}, started]]),
  ];
}
