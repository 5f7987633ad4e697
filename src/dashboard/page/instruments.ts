/** What is measured: key figures, processes, times, limits. */

import type { LiveLatency, LiveState } from "../../observe/live.ts";
import { byId, html, write } from "./dom.ts";
import { count, duration, plural, until } from "./format.ts";
import { Gauge, Histogram, processSign, Sparkline } from "./plots.ts";

/** The page looks back so far (seconds). */
const span = 60;

const spark = new Sparkline(span);
byId("rate-plot").append(spark.element);
let written: number | undefined;
let drawn: number | undefined;
let last = performance.now();

/** Takes what has been written in all, for the next point of the rate. */
export function showWork({ running, more, written: all }: LiveState["requests"]): void {
  const runs = running.length + more;
  write(byId("running"), count(runs));
  document.title = runs > 0 ? `(${runs}) Sluice` : "Sluice";
  written = all;
}

/** Draws the next point of the rate: call it once a second. */
export function drawRate(): void {
  const now = performance.now();
  const rate = drawn === undefined || written === undefined ? 0 : ((written - drawn) * 1000) / (now - last);
  drawn = written;
  last = now;
  spark.push(Math.max(0, rate));
  write(byId("rate"), count(Math.max(0, Math.round(rate))));
}

const histogram = new Histogram();
byId("latency-plot").append(histogram.element);

export function showLatency(latency: LiveLatency): void {
  const { first, whole } = latency;
  histogram.show(latency);
  const total = whole.counts.reduce((sum, one) => sum + one, 0);
  const words = ({ median, p95 }: LiveLatency["first"]) =>
    median === undefined || p95 === undefined ? "–" : `median ${duration(median)}, 95 % within ${duration(p95)}`;
  write(byId("latency-first"), words(first));
  write(byId("latency-whole"), words(whole));
  write(byId("latency-note"), total === 0 ? "No answer yet" : `The last ${plural(total, "answer")}`);
  write(byId("median"), first.median === undefined ? "–" : duration(first.median));
}

/** Of the CLI's processes, as `/health` counts them; other engines have none. */
export interface EngineDetail {
  processes?: number;
  spares?: number;
  starting?: number;
  waiting?: number;
  live?: number;
  parked?: number;
  rate_limits?: Record<string, unknown> | null;
}

const states = {
  running: "answering",
  parked: "waiting for a tool's result",
  live: "keeping a conversation",
  spare: "ready",
  starting: "starting",
} as const;

export function showEngine(health: { engine: string; detail: EngineDetail } | null): void {
  const { processes, spares = 0, starting = 0, waiting = 0, live = 0, parked = 0, rate_limits } = health?.detail ?? {};
  byId("processes-section").hidden = processes === undefined;
  showWindows(rate_limits ?? null);
  if (processes === undefined) return;
  const running = Math.max(0, processes - spares - starting - live - parked);
  const counts = { running, parked, live, spare: spares, starting };
  const rows = Object.entries(states).map(([state, words]) => {
    const number = counts[state as keyof typeof states];
    const signs = html(
      "span",
      { class: "signs" },
      ...Array.from({ length: Math.min(number, 24) }, () => processSign(state)),
    );
    return html(
      "tr",
      number === 0 ? { class: "none" } : {},
      html("th", { scope: "row" }, words),
      html("td", {}, signs),
      html("td", { class: "number" }, count(number)),
    );
  });
  replaceIfNew(byId("processes"), rows, JSON.stringify(counts));
  write(
    byId("queue"),
    waiting === 0 ? "Nobody waits for a process." : `${plural(waiting, "request")} waiting for a process.`,
  );
}

const windowNames: Readonly<Record<string, string>> = { "5h": "5 hours", "7d": "7 days", "7d_oi": "7 days, overage" };

/** What is left of the subscription, where the CLI tells. */
function showWindows(told: Record<string, unknown> | null): void {
  const now = (performance.timeOrigin + performance.now()) / 1000;
  const rows = Object.entries(windowNames).flatMap(([key, name]) => {
    const { utilization, status, reset } = (told?.[key] ?? {}) as {
      utilization?: number;
      status?: string;
      reset?: number;
    };
    if (utilization === undefined && status === undefined) return [];
    const part = utilization === undefined ? "" : `${Math.round(utilization * 100)} % used`;
    const words = status === undefined || status === "allowed" ? [] : [status.replaceAll("_", " ")];
    const resets = reset === undefined ? [] : [`resets ${until((reset - now) * 1000)}`];
    return gaugeRow(name, part, [...words, ...resets].join(", "), utilization);
  });
  replaceIfNew(byId("windows"), rows, rows.map((row) => row.textContent).join("\n"));
  byId("windows-section").hidden = rows.length === 0;
}

/** A name, a value and a note above a bar. */
export function gaugeRow(name: string, value: string, note: string, part: number | undefined): HTMLElement {
  const row = html(
    "div",
    { class: "gauge-row" },
    html("dt", {}, name),
    html("dd", {}, value),
    html("dd", { class: "sub" }, note),
  );
  if (part !== undefined) {
    const gauge = new Gauge();
    gauge.show(part);
    row.append(gauge.element);
  }
  return row;
}

const contents = new WeakMap<Element, string>();

/** Replaces children only where they say something else. */
export function replaceIfNew(parent: Element, children: readonly Node[], content: string): void {
  if (contents.get(parent) === content) return;
  contents.set(parent, content);
  parent.replaceChildren(...children);
}
