/** What processes take, by what they do. Linux tells it in /proc. */

import { readFileSync } from "node:fs";
import { descendants } from "../support/environment.ts";
import { Chat } from "./client.ts";
import { errand, question } from "./material.ts";
import { median } from "./stats.ts";
import type { Subject } from "./subject.ts";

/** Megabytes: resident, and the share of it where what processes have in common is divided among them. */
export interface Memory {
  rss: number;
  pss: number;
}

export const memoryStates = ["spare", "live", "parked", "sluice"] as const;
export type MemoryState = (typeof memoryStates)[number];

/** Medians over a few times, each with one process of the CLI in each state and no other. */
export async function measureMemory(subject: Subject, times: number, signal: AbortSignal) {
  const taken = Object.fromEntries(memoryStates.map((state) => [state, [] as Memory[]]));
  for (let time = 0; time < times; time++) {
    for (const [state, memory] of Object.entries(await measureOnce(subject, signal))) taken[state]?.push(memory);
  }
  return Object.fromEntries(
    memoryStates.map((state) => {
      const all = taken[state] ?? [];
      return [state, { rss: median(all.map(({ rss }) => rss)), pss: median(all.map(({ pss }) => pss)) }];
    }),
  ) as Record<MemoryState, Memory>;
}

async function measureOnce(subject: Subject, signal: AbortSignal): Promise<Record<MemoryState, Memory>> {
  await subject.settled({ live: 0, parked: 0 });
  // Each conversation takes the spare that is there, and another takes its place.
  const live = onlyNew(subject.pid, []);
  await new Chat(subject.url, signal).say(question(), "spare");
  await subject.settled({ live: 1, parked: 0 });
  const parked = onlyNew(subject.pid, [live]);
  await new Chat(subject.url, signal).say(errand(), "spare");
  await subject.settled({ live: 1, parked: 1 });
  const spare = onlyNew(subject.pid, [live, parked]);
  return { spare: memoryOf(spare), live: memoryOf(live), parked: memoryOf(parked), sluice: memoryOf(subject.pid) };
}

/** The one child of a process that is not known yet. */
function onlyNew(parent: number, known: readonly number[]): number {
  const children = descendants(parent).filter((child) => child.parent === parent && !known.includes(child.pid));
  const [child] = children;
  if (!child || children.length > 1) throw new Error(`${children.length} new processes of the CLI instead of one`);
  return child.pid;
}

export function memoryOf(pid: number): Memory {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const megabytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1]) / 1024;
  return { rss: megabytes("Rss"), pss: megabytes("Pss") };
}
