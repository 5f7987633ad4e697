/** What is measured, the limits that it is held to, and both as tables. */

import type { Memory } from "../memory.ts";
import { digits, table } from "../report.ts";
import { median } from "../stats.ts";
import type { ProgramName } from "./programs.ts";
import type { Api, Rate } from "./rates.ts";
import { type FirstByte, openStreams } from "./streams.ts";
import type { Pace } from "./upstream.ts";

/** A rate that is measured in each round. */
export interface Series {
  readonly program: ProgramName;
  readonly api: Api;
  readonly pace: Pace;
}

/** What the rounds have brought, in their order; nothing of what was not asked for. */
export interface Measured {
  readonly rates: Map<Series, Rate[]>;
  readonly firstBytes: Map<ProgramName, FirstByte[]>;
  readonly streams: Record<"idle" | "open", Memory>[];
}

const byApi: Readonly<Record<Api, readonly ProgramName[]>> = {
  messages: ["direct", "nginx", "bun", "recording", "handmade", "sluice", "portkey"],
  chat: ["translating", "sluice", "portkey"],
};

/** Everything whose rate is measured. */
export const allSeries: readonly Series[] = (["burst", "deltas"] as const).flatMap((pace) =>
  (["messages", "chat"] as const).flatMap((api) => byApi[api].map((program) => ({ program, api, pace }))),
);

const titles: Readonly<Record<Pace | Api | ProgramName, string>> = {
  burst: "answers in one write",
  deltas: "a write for each delta",
  slow: "a delta a second",
  messages: "Messages",
  chat: "Chat Completions",
  direct: "no proxy: the upstream",
  nginx: "nginx",
  bun: "Bun, nothing added",
  recording: "Bun, usage read and a row written",
  handmade: "HTTP by hand, usage read and a row written",
  translating: "Bun, each event parsed and written, and a row",
  sluice: "Sluice",
  portkey: "portkey",
};

interface RatioLimit extends Pick<Series, "api" | "pace"> {
  of: ProgramName;
  against: ProgramName;
  atLeast?: number;
}

/**
 * Only answers in one write tell programs apart: where each delta is a write, the upstream and its 50 writes take most of
 * the machine, and not even nginx is ten times portkey.
 */
const ratioLimits: readonly RatioLimit[] = [
  { of: "sluice", against: "nginx", api: "messages", pace: "burst", atLeast: 0.75 },
  { of: "bun", against: "nginx", api: "messages", pace: "burst" },
  { of: "recording", against: "nginx", api: "messages", pace: "burst" },
  { of: "handmade", against: "nginx", api: "messages", pace: "burst" },
  { of: "sluice", against: "portkey", api: "messages", pace: "burst", atLeast: 10 },
  { of: "recording", against: "portkey", api: "messages", pace: "burst" },
  { of: "handmade", against: "portkey", api: "messages", pace: "burst" },
  { of: "sluice", against: "portkey", api: "chat", pace: "burst", atLeast: 5 },
  { of: "translating", against: "portkey", api: "chat", pace: "burst" },
  { of: "sluice", against: "nginx", api: "messages", pace: "deltas", atLeast: 0.75 },
  { of: "bun", against: "nginx", api: "messages", pace: "deltas" },
  { of: "nginx", against: "portkey", api: "messages", pace: "deltas" },
  { of: "sluice", against: "portkey", api: "messages", pace: "deltas" },
  { of: "sluice", against: "portkey", api: "chat", pace: "deltas" },
];

interface Figure {
  title: string;
  value: string;
  limit: string;
  missed: boolean | undefined;
}

/** Prints what was measured. Returns whether a limit was missed. */
export function printReport(header: readonly string[], measured: Measured): boolean {
  const figures = [...ratioFigures(measured), ...firstByteFigures(measured), ...memoryFigures(measured)];
  const rates = allSeries.flatMap((series) => rateRow(series, measured.rates.get(series) ?? []));
  const head = ["50 deltas, 64 connections", "", "", "n", "requests/s", "CPU µs/request"];
  const rows = figures.map(({ title, value, limit, missed }) => [title, value, limit, verdictOf(missed)]);
  const parts = [
    header.join("\n"),
    ...(rates.length > 0 ? [table([head, ...rates]).join("\n")] : []),
    table([["medians of the rounds", "", "limit", ""], ...rows]).join("\n"),
  ];
  console.log(parts.join("\n\n"));
  return figures.some(({ missed }) => missed);
}

function verdictOf(missed: boolean | undefined): string {
  if (missed === undefined) return "";
  return missed ? "MISSED" : "OK";
}

function rateRow({ program, api, pace }: Series, rates: readonly Rate[]): string[][] {
  if (rates.length === 0) return [];
  const [rps, cpu] = [median(rates.map((rate) => rate.rps)), median(rates.map((rate) => rate.cpu))];
  return [[titles[program], titles[api], titles[pace], String(rates.length), digits(rps, 0), digits(cpu, 0)]];
}

/** The rounds' own ratios: what slows the machine down for a while slows both. */
function ratioFigures({ rates }: Measured): Figure[] {
  const of = (wanted: Series) => {
    const series = allSeries.find((one) => Bun.deepEquals(one, wanted));
    return (series && rates.get(series)) ?? [];
  };
  return ratioLimits.flatMap(({ of: program, against, api, pace, atLeast }) => {
    const others = of({ program: against, api, pace });
    const ratios = of({ program, api, pace }).map(({ rps }, round) => rps / (others[round]?.rps ?? Number.NaN));
    if (ratios.length === 0) return [];
    const ratio = median(ratios);
    return {
      title: `${titles[api]}, ${titles[pace]}: ${titles[program]} to ${titles[against]}`,
      value: `${digits(ratio, 2)} (${digits(Math.min(...ratios), 2)} to ${digits(Math.max(...ratios), 2)})`,
      limit: atLeast === undefined ? "" : `>= ${atLeast}`,
      missed: atLeast === undefined ? undefined : !(ratio >= atLeast),
    };
  });
}

function firstByteFigures({ firstBytes }: Measured): Figure[] {
  const direct = firstBytes.get("direct") ?? [];
  const added = (program: ProgramName, quantile: keyof FirstByte) =>
    median(
      (firstBytes.get(program) ?? []).map(
        (waits, round) => waits[quantile] - (direct[round]?.[quantile] ?? Number.NaN),
      ),
    );
  if (direct.length === 0) return [];
  const limits = { p50: 0.5, p99: 5 } as const;
  return (["p50", "p99"] as const).flatMap((quantile) =>
    (["sluice", "nginx"] as const).map((program) => {
      const value = added(program, quantile);
      const limit = program === "sluice" ? limits[quantile] : undefined;
      return {
        title: `Time to first byte, ${quantile}, added by ${titles[program]}`,
        value: `${digits(value, 2)} ms`,
        limit: limit === undefined ? "" : `<= ${limit} ms`,
        missed: limit === undefined ? undefined : !(value <= limit),
      };
    }),
  );
}

const mostMemory = 120;

function memoryFigures({ streams }: Measured): Figure[] {
  if (streams.length === 0) return [];
  const of = (state: "idle" | "open", kind: keyof Memory) => median(streams.map((memory) => memory[state][kind]));
  const value = (state: "idle" | "open") =>
    `${digits(of(state, "rss"), 0)} MB resident, ${digits(of(state, "pss"), 0)} MB its share`;
  return [
    { title: "Memory of Sluice before", value: value("idle"), limit: "", missed: undefined },
    {
      title: `Memory of Sluice with ${openStreams} open streams`,
      value: value("open"),
      limit: `<= ${mostMemory} MB`,
      missed: !(of("open", "rss") <= mostMemory),
    },
  ];
}
