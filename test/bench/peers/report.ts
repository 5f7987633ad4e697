/** What was measured, as tables. */

import { digits, table } from "../report.ts";
import type { Limit, Result, Spread } from "./figures.ts";
import { works } from "./works.ts";

export function printReport(
  header: readonly string[],
  summary: readonly Result[],
  limits: readonly Limit[],
  failures: readonly string[],
): void {
  const parts = [
    header.join("\n"),
    ...works.flatMap(({ name, title, first }) => {
      const rows = summary.filter(({ work }) => work === name);
      return rows.length === 0 ? [] : [workTable(title, first, rows)];
    }),
    ...(limits.length > 0 ? [limitTable(limits)] : []),
    ...(failures.length > 0 ? [["Could not be measured", ...failures.map((line) => `  ${line}`)].join("\n")] : []),
  ];
  console.log(parts.join("\n\n"));
}

function workTable(title: string, first: string, rows: readonly Result[]): string {
  const head = [
    title,
    "n",
    `${first}, ms`,
    "to bare",
    "total, ms",
    "to bare",
    "asked",
    "kB up",
    "CPU own s",
    "all",
    "MB own",
    "all",
  ];
  const lines = rows.map(({ name, rounds, unable, figures, ratios }) => {
    if (!figures) return [name, "", `can't: ${unable}`];
    return [
      name,
      String(rounds),
      spread(figures.first),
      digits(ratios?.first ?? Number.NaN, 3),
      spread(figures.total),
      digits(ratios?.total ?? Number.NaN, 3),
      String(figures.requests.median),
      digits(figures.bytes.median / 1000, 1),
      digits(figures.cpuOwn.median, 3),
      digits(figures.cpuAll.median, 2),
      digits(figures.memoryOwn.median, 0),
      digits(figures.memoryAll.median, 0),
    ];
  });
  const measured = lines.filter((line) => line.length > 3);
  const others = lines.filter((line) => line.length === 3).map(([name, , why]) => `${name} ${why}`);
  return [...table([head, ...measured]), ...others].join("\n");
}

function spread({ median, min, max }: Spread): string {
  const decimals = median < 100 ? 1 : 0;
  return `${digits(median, decimals)} (${digits(min, decimals)} to ${digits(max, decimals)})`;
}

function limitTable(limits: readonly Limit[]): string {
  const rows = limits.map(({ title, value, unit, most, missed }) => [
    title,
    `${value} ${unit}`.trim(),
    `<= ${most} ${unit}`.trim(),
    missed ? "MISSED" : "OK",
  ]);
  return table([["medians of the rounds", "", "limit", ""], ...rows]).join("\n");
}
