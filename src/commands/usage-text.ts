/** What `sluice usage` says to people: a table with a plot, budgets and limits, as wide as the terminal. */

import { dayOf } from "../day.ts";
import { escapeControls } from "../log.ts";
import { showUse } from "../observe/budget.ts";
import { totalOf, type UsageSum } from "../store/usage.ts";
import type { Limits, UsageReport } from "./usage.ts";

export interface Screen {
  columns: number;
  colours: boolean;
}

interface Column {
  head: string;
  show(sum: UsageSum): string;
  /** Left out where the terminal is narrow: the smallest goes first. */
  rank: number;
}

const columns: readonly Column[] = [
  { head: "Requests", show: ({ requests }) => String(requests), rank: 9 },
  { head: "Failed", show: ({ failed }) => (failed === 0 ? "" : String(failed)), rank: 1 },
  { head: "Input", show: (sum) => short(sum.input + sum.cache_read + sum.cache_write), rank: 7 },
  { head: "Cached", show: ({ cache_read }) => short(cache_read), rank: 2 },
  { head: "Output", show: ({ output }) => short(output), rank: 6 },
  { head: "Cost", show: showCost, rank: 8 },
];

const longestName = 40;
const plotWidth = { least: 10, most: 40 };

export function asText(report: UsageReport, screen: Screen): string {
  const { sums, by, since } = report;
  const from = `${dayOf(since)} ${clock(since)}`;
  const table =
    sums.length === 0
      ? [`No request is recorded since ${from}.`]
      : [`Since ${from}, by ${by}:`, "", ...tableOf(report, screen), ...notes(sums)];
  return [...table, ...budgetLines(report), ...limitLines(report)].join("\n");
}

function tableOf({ sums, by }: UsageReport, { columns: width, colours }: Screen): string[] {
  const total = { ...totalOf(sums), name: "Total" };
  const names = [by[0]?.toUpperCase() + by.slice(1), ...[...sums, total].map(({ name }) => nameOf(name))];
  const nameWidth = Math.min(longestName, Math.max(...names.map((name) => name.length)));
  let chosen = columns.map((column) => {
    const cells = [column.head, ...[...sums, total].map((sum) => column.show(sum))];
    return { ...column, cells, width: Math.max(...cells.map((cell) => cell.length)) };
  });
  const taken = () => nameWidth + chosen.reduce((sum, column) => sum + 2 + column.width, 0);
  while (taken() > width && chosen.length > 1) {
    const least = Math.min(...chosen.map(({ rank }) => rank));
    chosen = chosen.filter(({ rank }) => rank !== least);
  }
  // Where no price is known, what there is to compare is tokens.
  const measure = total.cost > 0 ? ({ cost }: UsageSum) => cost : tokens;
  const highest = Math.max(...sums.map(measure));
  const room = Math.min(plotWidth.most, width - taken() - 2);
  const plot = (sum: UsageSum | undefined) => {
    if (room < plotWidth.least || sum === undefined || highest === 0) return "";
    const drawn = bar(measure(sum) / highest, room);
    return drawn === "" ? "" : `  ${colours ? `\x1b[36m${drawn}\x1b[0m` : drawn}`;
  };
  return names.map((name, row) => {
    const cells = chosen.map((column) => (column.cells[row] ?? "").padStart(column.width));
    const line = [name.slice(0, nameWidth).padEnd(nameWidth), ...cells].join("  ") + plot(sums[row - 1]);
    return row === 0 && colours ? `\x1b[1m${line}\x1b[0m` : line.trimEnd();
  });
}

/** A bar of eighths of a character; what is more than nothing is seen. */
function bar(part: number, width: number): string {
  const eighths = part === 0 ? 0 : Math.max(1, Math.round(part * width * 8));
  return "█".repeat(Math.floor(eighths / 8)) + ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
}

function notes(sums: readonly UsageSum[]): string[] {
  const { priced, requests } = totalOf(sums);
  if (priced === requests) return [];
  const note =
    priced === 0
      ? "– No price is reported: only Claude Code reports one."
      : `+ No price was reported for ${requests - priced} of ${requests} requests: they failed, were left, or were cut.`;
  return ["", note];
}

function budgetLines({ budgets }: UsageReport): string[] {
  if (budgets.length === 0) return [];
  const lines = budgets.map((use) => {
    const part = Math.round((use.used / use.limit) * 100);
    return `Budget of this ${use.period}: ${showUse(use)} (${part} %), begins anew ${dayOf(use.reset)} ${clock(use.reset)}`;
  });
  return ["", ...lines];
}

const windows: readonly (readonly [string, string])[] = [
  ["5h", "5 hours"],
  ["7d", "7 days"],
  ["7d_oi", "7 days, with extra usage"],
];

function limitLines({ limits, now }: UsageReport): string[] {
  if (limits === null) return [];
  const lines = windows.flatMap(([key, name]) => {
    const { utilization, reset, status } = (limits[key] ?? {}) as Record<string, unknown>;
    const parts = [
      ...(typeof utilization === "number" ? [`${Math.round(utilization * 100)} % used`] : []),
      ...(typeof status === "string" && status !== "allowed" ? [escapeControls(status.replaceAll("_", " "))] : []),
      ...(typeof reset === "number" ? [`begins anew ${when(reset * 1000, now)}`] : []),
    ];
    return parts.length === 0 ? [] : [`  ${name}: ${parts.join(", ")}`];
  });
  return lines.length === 0 ? [] : ["", `Subscription, as Claude Code was told ${agoOf(limits)}:`, ...lines];
}

function agoOf({ age_seconds: seconds = 0 }: Limits): string {
  if (seconds < 60) return `${seconds} s ago`;
  return seconds < 3600 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

function when(time: number, now: number): string {
  return dayOf(time) === dayOf(now) ? `at ${clock(time)}` : `${dayOf(time)} ${clock(time)}`;
}

function clock(time: number): string {
  return new Date(time).toTimeString().slice(0, 5);
}

/** Names come from clients and upstreams. */
function nameOf(name: string): string {
  return name === "" ? "–" : escapeControls(name);
}

function tokens(sum: UsageSum): number {
  return sum.input + sum.cache_read + sum.cache_write + sum.output;
}

function showCost({ priced, requests, cost }: UsageSum): string {
  if (priced === 0) return requests === 0 ? "" : "–";
  return `$${cost.toFixed(cost < 0.1 ? 4 : 2)}${priced < requests ? "+" : ""}`;
}

/** `950`, `1.2k`, `45k`, `3.1M`. */
function short(count: number): string {
  for (const [unit, size] of [
    ["G", 1e9],
    ["M", 1e6],
    ["k", 1e3],
  ] as const) {
    if (count >= size) return `${(count / size).toFixed(count < 9.95 * size ? 1 : 0)}${unit}`;
  }
  return String(count);
}
