/** What was measured, as a table and as JSON. */

import { type Memory, type MemoryState, memoryStates } from "./memory.ts";
import { bareName, type Figure, type Sample, type Scenario } from "./scenarios.ts";
import { median, quantile } from "./stats.ts";

export interface Failure {
  scenario: string;
  /** The warm-up is round 0. */
  round: number;
  message: string;
}

/** How far the slowest of what is compared with may be from its median on a machine that does nothing else. */
export const noisy = 1.4;

/** What the rounds have brought: samples by the name of a figure, in the order of the rounds. */
export interface Measured {
  header: string[];
  scenarios: readonly Scenario[];
  samples: ReadonlyMap<string, readonly Sample[]>;
  failures: readonly Failure[];
  memory: Record<MemoryState, Memory> | undefined;
}

export interface Row {
  name: string;
  title: string;
  samples: number;
  median: number;
  p95: number;
  /** To the median of the figure `against`. */
  ratio: number;
  against: string;
  limit: number | undefined;
  verdict: "ok" | "missed" | "not measured" | undefined;
  ways: string[];
}

export function rowsOf({ scenarios, samples, failures }: Measured): Row[] {
  const times = (name: string) => (samples.get(name) ?? []).map(({ ms }) => ms);
  const failed = new Set(failures.map(({ scenario }) => scenario));
  const row = (scenario: Scenario, { name, title, against = bareName, limit }: Figure): Row => {
    const ratio = median(times(name)) / median(times(against));
    // A scenario that failed once may have been measured only where it was fast.
    const measured = !failed.has(scenario.name) && Number.isFinite(ratio);
    const judged = limit === undefined ? undefined : ratio <= limit ? "ok" : "missed";
    return {
      name,
      title,
      samples: times(name).length,
      median: median(times(name)),
      p95: quantile(times(name), 0.95),
      ratio,
      against,
      limit,
      verdict: measured ? judged : "not measured",
      ways: (samples.get(name) ?? []).map(({ way }) => way),
    };
  };
  return scenarios.flatMap((scenario) => scenario.figures.map((figure) => row(scenario, figure)));
}

/** 2 where something could not be measured, 1 where a limit was missed. */
export function exitCodeOf(rows: readonly Row[], { failures }: Measured): number {
  if (failures.length > 0 || rows.some(({ verdict }) => verdict === "not measured")) return 2;
  return rows.some(({ verdict }) => verdict === "missed") ? 1 : 0;
}

export function printReport(rows: readonly Row[], { header, failures, memory }: Measured): void {
  const head = ["first text", "n", "median ms", "p95 ms", "ratio", "limit", "", "way"];
  const body = rows.map((row) => [
    row.title,
    String(row.samples),
    digits(row.median, 0),
    digits(row.p95, 0),
    `${digits(row.ratio, 2)}${row.against === bareName ? "" : ` of ${row.against}`}`,
    row.limit === undefined ? "" : `<= ${row.limit}`,
    row.verdict?.toUpperCase() ?? "",
    countsOf(row.ways),
  ]);
  console.log([...header, "", ...table([head, ...body])].join("\n"));

  const [baseline] = rows;
  if (baseline && baseline.p95 > noisy * baseline.median) {
    console.log(`\nThis machine was busy: ${baseline.title} itself varied too much for ratios to be trusted.`);
  }

  const choices = rows.filter(({ ways }) => ways.some((way) => way === "replay" || way === "resume")).map(choiceOf);
  if (choices.length > 0) console.log(["", "The planner's choice", ...choices].join("\n"));
  if (memory) {
    const lines = memoryStates.map((state) => [state, memory[state].rss.toFixed(0), memory[state].pss.toFixed(0)]);
    console.log(["", ...table([["memory", "RSS MB", "PSS MB"], ...lines])].join("\n"));
  }
  const errors = failures.map(
    ({ scenario, round, message }) => `  ${scenario}, round ${round || "of warm-up"}: ${message}`,
  );
  if (errors.length > 0) console.log(["", "Could not be measured", ...errors].join("\n"));
}

export function digits(value: number, decimals: number): string {
  return Number.isFinite(value) ? value.toFixed(decimals) : "-";
}

/** Each way with how often it was taken. */
function countsOf(ways: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const way of ways) if (way !== "") counts.set(way, (counts.get(way) ?? 0) + 1);
  if (counts.size < 2) return [...counts.keys()].join("");
  return [...counts].map(([way, count]) => `${way} x${count}`).join(", ");
}

/** A planner that learns may change its mind from round to round. */
function choiceOf({ title, ways }: Row): string {
  const [first] = ways;
  const changes = ways.flatMap((way, round) =>
    round > 0 && way !== ways[round - 1] ? `${way} from round ${round + 1}` : [],
  );
  return `  ${title}: ${[first, ...changes].join(", ")}`;
}

/** Columns as wide as their widest cell; numbers stand at the right. */
export function table(rows: readonly string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const cell = (text: string, column: number) => {
    const width = widths[column] ?? 0;
    return column > 0 && /^\d+$/.test(rows[1]?.[column] ?? "") ? text.padStart(width) : text.padEnd(width);
  };
  return rows.map((row) => row.map(cell).join("  ").trimEnd());
}
