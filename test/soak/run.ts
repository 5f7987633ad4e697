/**
 * `bun run soak [--minutes 10]`: fifty requests at a time over a hundred conversations, most of them on a scripted CLI and
 * some on the real one, with every fault in each twentieth request. Prints what came of them, and fails where an answer is
 * not right, the memory grows, or anything is left at the end.
 */

import { parseArgs } from "node:util";
import { median, quantile } from "../bench/stats.ts";
import { bugsIn } from "../support/bugs.ts";
import { chooseSluice } from "../support/binary.ts";
import { dialects } from "../golden/answers.ts";
import { Client, type Outcome } from "./client.ts";
import { faults, pickFault } from "./faults.ts";
import { growth, type Left, patience, type Stage, startStage } from "./stage.ts";

export interface SoakOptions {
  seconds: number;
  atOnce: number;
  /** How many conversations there are on each CLI. */
  clients: { fake: number; real: number };
  /** How long an answer takes on average (seconds). */
  pace: number;
}

export interface Soaked {
  outcomes: Outcome[];
  /** Everything that is not as it must be, in words. */
  wrong: string[];
  memory: ReturnType<typeof growth>[];
  table: string;
}

/** Runs a soak to its end. */
export async function soak({ seconds, atOnce, clients, pace }: SoakOptions): Promise<Soaked> {
  const { command, sluice } = chooseSluice();
  await using fake = await startStage({ claude: "fake", maxProcesses: 32, command });
  await using real = await startStage({ claude: "real", maxProcesses: 8, command });
  const stages = [fake, real];
  for (const stage of stages) {
    const { url } = stage.sluice;
    for (let n = 0; n < clients[stage.claude]; n++) {
      const dialect = dialects[n % dialects.length] ?? "anthropic";
      stage.clients.push(new Client(stage.clients.length + (stage === real ? 1000 : 0), dialect, url, pace));
    }
    // One of each dialect, so that what is done once is done before.
    for (const client of stage.clients.slice(0, 3)) await client.ask(undefined);
    stage.pace = pace;
  }
  const before = await Promise.all(stages.map((stage) => stage.settled()));

  const watches = stages.map((stage) => stage.watch());
  const outcomes = await load(stages, seconds, atOnce);
  const memory = watches.map((stop) => growth(stop()));
  const after = await Promise.all(stages.map((stage) => stage.settled()));
  const codes = await Promise.all(stages.map((stage) => stage.sluice.stop()));

  const wrong = [
    ...outcomes.flatMap((outcome) => outcome.wrong ?? []),
    ...stages.flatMap((stage, n) => [
      ...stage.strays.map((lines) => `nobody sent this to the upstream: ${lines}`),
      ...askedTwice(stage),
      ...(codes[n] === 0 ? [] : [`it ended with ${codes[n]}`]),
      ...bugsIn(stage.sluice.output()).map((line) => `it logged a bug: ${line}`),
      ...leftovers(before[n] as Left, after[n] as Left).map((what) => `${stage.claude} CLI: ${what}`),
    ]),
  ];
  const rows = stages.map((stage, n) => {
    const { early, late, ratio } = memory[n] as ReturnType<typeof growth>;
    const [first, last] = [before[n] as Left, after[n] as Left];
    return `${stage.claude} CLI: ${stage.clients.length} conversations; Sluice ${early.toFixed(0)} MB in the second tenth, ${late.toFixed(0)} MB in the last (× ${ratio.toFixed(3)}); descriptors ${first.descriptors} → ${last.descriptors}, files ${first.files.length} → ${last.files.length}; exit code ${codes[n]}, nothing runs on`;
  });
  return {
    outcomes,
    wrong,
    memory,
    table: [`${sluice}, ${seconds} s, ${atOnce} at a time`, "", report(outcomes), "", ...rows].join("\n"),
  };
}

/** Keeps so many requests running, each of a client that has none. */
async function load(stages: readonly Stage[], seconds: number, atOnce: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const all = stages.flatMap((stage) => stage.clients.map((client) => ({ stage, client })));
  const end = performance.now() + seconds * 1000;
  const worker = async (_: unknown, n: number) => {
    // All at once would measure how many processes can start at once.
    await Bun.sleep(n * 100);
    while (performance.now() < end) {
      const idle = all.filter(({ client }) => !client.busy);
      const one = idle[Math.floor(Math.random() * idle.length)];
      if (one === undefined) throw new Error("There are fewer clients than requests at a time");
      one.client.busy = true;
      const left = (end - performance.now()) / 1000;
      outcomes.push(await one.client.ask(pickFault(one.stage.claude, left > 2 * patience ? "any" : "quick")));
      one.client.busy = false;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return outcomes;
}

/** A question that nothing happened to costs the user one answer. */
function askedTwice({ asked }: Stage): string[] {
  const twice = [...asked].filter(([question, times]) => times > 1 && !question.includes("(fault: "));
  return twice.map(([question, times]) => `the upstream was asked ${times} times: ${question}`);
}

function leftovers(before: Left, after: Left): string[] {
  const more = after.descriptors - before.descriptors;
  const files = after.files.length - before.files.length;
  return [
    ...(more > 0 ? [`${more} descriptors are left`] : []),
    ...(files > 0 ? [`${files} files are left, among ${after.files.join(" ")}`] : []),
  ];
}

function report(outcomes: readonly Outcome[]): string {
  const names = [undefined, ...Object.keys(faults)];
  const head = ["", "requests", "answered", "refused", "left", "wrong", "median ms", "p95 ms"];
  const rows = [...names, "all"].map((name) => {
    const of = outcomes.filter(({ fault }) => name === "all" || fault === name);
    const count = (ended: Outcome["ended"]) =>
      of.filter((one) => one.ended === ended && one.wrong === undefined).length;
    const took = of.map((one) => one.took);
    const wrong = of.filter((one) => one.wrong !== undefined).length;
    const times = [median(took), quantile(took, 0.95)].map((ms) => (of.length === 0 ? "" : String(Math.round(ms))));
    return [name ?? "nothing", of.length, count("answered"), count("refused"), count("left"), wrong, ...times];
  });
  const cells = [head, ...rows].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join("  "),
    )
    .join("\n");
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" } } });
  const { wrong, table, memory } = await soak({
    seconds: Number(values.minutes) * 60,
    atOnce: 50,
    clients: { fake: 90, real: 10 },
    pace: 3,
  });
  console.log(table);
  for (const { ratio } of memory) if (ratio > 1.1) wrong.push(`the memory has grown by ${ratio.toFixed(3)}`);
  for (const what of wrong.slice(0, 50)) console.log(`WRONG: ${what}`);
  process.exit(wrong.length === 0 ? 0 : 1);
}
