/** What the rounds have brought, as few numbers, and the limits that some are held to. */

import type { Memory } from "../memory.ts";
import { median } from "../stats.ts";
import { type Added, requests, streams } from "./alone.ts";
import { type PeerName, peerNames, peerTitles } from "./programs.ts";
import { deltas, type Times, works } from "./works.ts";

/** What one work has taken. */
export interface Sample extends Times {
  /** What the upstream was asked: requests, and bytes of their bodies. */
  requests: number;
  bytes: number;
  /** Seconds of processors: of the program, and with what it has started. */
  cpuOwn: number;
  cpuAll: number;
  /** Megabytes at the most: of the program, and with what it has started. */
  memoryOwn: number;
  memoryAll: number;
}

export interface Measured {
  /** By "work peer", in the order of the rounds. */
  readonly samples: Map<string, Sample[]>;
  /** What a peer can't do, and why, by "work peer". */
  readonly unable: Map<string, string>;
  readonly failures: string[];
  readonly lines: Added[];
  memory: Record<"native" | "claude", Record<"before" | "working" | "after", Memory>> | undefined;
}

/** Median, least and most of the rounds. */
export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface Result {
  work: string;
  title: string;
  peer: PeerName;
  name: string;
  rounds: number;
  /** Why there are no figures. */
  unable?: string;
  figures?: Record<keyof Sample, Spread>;
  /** To the bare CLI, the medians of the rounds' own ratios: what slows the machine down for a while slows both. */
  ratios?: { first: number; total: number };
}

/** A row for each work and program that was asked for, in the works' order. */
export function summaryOf({ samples, unable }: Measured): Result[] {
  return works.flatMap(({ name: work, title }) =>
    peerNames.flatMap((peer): Result[] => {
      const row = { work, title, peer, name: peerTitles[peer] };
      const own = samples.get(`${work} ${peer}`);
      const why = unable.get(`${work} ${peer}`);
      if (!own) return why === undefined ? [] : [{ ...row, rounds: 0, unable: why }];
      const bare = samples.get(`${work} bare`);
      const ratio = (field: keyof Times) => round(median(ratios(own, bare ?? [], field)));
      return [
        {
          ...row,
          rounds: own.length,
          figures: spreads(own),
          ...(bare && { ratios: { first: ratio("first"), total: ratio("total") } }),
        },
      ];
    }),
  );
}

function spreads(samples: readonly Sample[]): Record<keyof Sample, Spread> {
  const fields = Object.keys(samples[0] ?? {}) as (keyof Sample)[];
  const spread = (field: keyof Sample): Spread => {
    const values = samples.map((sample) => sample[field]);
    return { median: round(median(values)), min: round(Math.min(...values)), max: round(Math.max(...values)) };
  };
  return Object.fromEntries(fields.map((field) => [field, spread(field)])) as Record<keyof Sample, Spread>;
}

function ratios(own: readonly Times[], other: readonly Times[], field: keyof Times): number[] {
  return own.flatMap((sample, position) => {
    const against = other[position];
    return against ? [sample[field] / against[field]] : [];
  });
}

export interface Limit {
  title: string;
  value: number;
  unit: string;
  most: number;
  missed: boolean;
}

/** The limits of what was measured. A program that fails in a round is told as a failure. */
export function limitsOf({ samples, lines, memory }: Measured): Limit[] {
  const of = (work: string, peer: PeerName) => samples.get(`${work} ${peer}`) ?? [];
  const ratio = (work: string, field: keyof Times, against: string) =>
    median(ratios(of(work, "sluice"), of(against, "bare"), field));
  const perThousand = (work: string) => {
    const short = median(of("short", "sluice").map(({ cpuOwn }) => cpuOwn));
    return (median(of(work, "sluice").map(({ cpuOwn }) => cpuOwn)) - short) * (1e6 / deltas);
  };
  const limits: Omit<Limit, "missed">[] = [
    {
      title: "first text, new conversation, to claude -p",
      value: ratio("short", "first", "short"),
      unit: "",
      most: 0.3,
    },
    {
      title: "first text, follow-up, to claude -p",
      value: ratio("conversation", "first", "short"),
      unit: "",
      most: 0.08,
    },
    { title: "10-step tool loop, to claude -p --resume", value: ratio("loop", "total", "loop"), unit: "", most: 0.15 },
    { title: "CPU per 1,000 deltas, Messages", value: perThousand("deltas-messages"), unit: "ms", most: 15 },
    { title: "CPU per 1,000 deltas, Chat Completions", value: perThousand("deltas"), unit: "ms", most: 20 },
    { title: "CPU per 1,000 deltas, Responses", value: perThousand("deltas-responses"), unit: "ms", most: 30 },
    {
      title: `added between the CLI's line and the client's byte, p99 at ${streams} streams`,
      value: median(lines.map(({ p99 }) => p99)),
      unit: "ms",
      most: 2,
    },
    ...(["claude", "native"] as const).map((mode) => ({
      title: `memory of Sluice a minute after ${requests.toLocaleString("en")} requests, ${mode === "native" ? "native mode" : "Claude Code"}`,
      value: memory?.[mode].after.rss ?? Number.NaN,
      unit: "MB",
      most: 90,
    })),
  ];
  return limits
    .filter(({ value }) => Number.isFinite(value))
    .map((limit) => ({ ...limit, value: round(limit.value), missed: limit.value > limit.most }));
}

/** Four digits are more than any of these measurements knows. */
function round(value: number): number {
  return Number(value.toPrecision(4));
}
