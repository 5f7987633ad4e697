/** What Sluice itself adds and keeps: with a scripted CLI, because the real one would take most of the time and machine. */

import { cleanEnvironment } from "../../support/environment.ts";
import { chooseSluice } from "../../support/binary.ts";
import { answer, fakeClaude, type Script } from "../../support/fake-claude.ts";
import { startMock, text } from "../../support/mock-anthropic.ts";
import { type Memory, memoryOf } from "../memory.ts";
import { freePort, startProgram, type StartedProgram } from "../program.ts";
import { quantile } from "../stats.ts";
import { converse } from "./chat.ts";
import { question } from "./questions.ts";

/** Streams at once, deltas of each, and the wait between two of them (milliseconds). */
export const streams = 20;
const deltas = 200;
const delay = 20;
/** Answers before that: as in a program that people leave running, requests are no news either. */
const warm = { turns: 6, deltas: 350, delay: 5 };

/** Milliseconds between the CLI's line and the client's byte. */
export interface Added {
  p50: number;
  p99: number;
}

/** The CLI writes the time into its lines, and the client compares it with its own. */
export async function measureLine(folder: string, signal: AbortSignal): Promise<Added> {
  const turn = (count: number, delayMs: number) => answer(text("word ".repeat(count), { chunks: count, delayMs }));
  const before = Array.from({ length: warm.turns }, () => turn(warm.deltas, warm.delay));
  const script: Script = { stamps: true, turns: [...before, turn(deltas, delay)] };
  await using sluice = await startAlone(["--claude", await fakeClaude(script, folder)], folder);
  const talks = Array.from({ length: streams }, () => converse(targetOf(sluice), "messages", signal));
  const say = (count: number) => Promise.all(talks.map((talk) => talk.say(question("deltas", count))));
  for (let turn = 0; turn < warm.turns; turn++) await say(warm.deltas);
  const waits = (await say(deltas)).flatMap(({ pieces }) => pieces.map(({ text: stamp, at }) => at - Number(stamp)));
  if (waits.length !== streams * deltas) throw new Error(`${waits.length} deltas instead of ${streams * deltas}`);
  return { p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
}

export const requests = 10_000;
const turns = 50;
const clients = 8;

/** A little more than Sluice waits before it gives memory back (milliseconds). */
const rest = 65_000;

/** What Sluice takes at once after so many requests, the turns of conversations, of some at once; and when it has come to rest. */
export async function measureMemory(
  mode: "claude" | "native",
  folder: string,
  signal: AbortSignal,
): Promise<Record<"before" | "working" | "after", Memory>> {
  await using upstream = await startMock({ handler: () => text("The quick brown fox.") });
  const claude = ["--claude", await fakeClaude({}, folder)];
  const native = ["--mode", "native", "--upstream", upstream.url, "--api-key", "dummy"];
  await using sluice = await startAlone(mode === "native" ? native : claude, folder);
  const before = memoryOf(sluice.pid);
  let left = requests / turns;
  const client = async () => {
    while (left-- > 0) {
      const talk = converse(targetOf(sluice), "messages", signal);
      for (let turn = 0; turn < turns; turn++) await talk.say(question("short"));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const working = memoryOf(sluice.pid);
  await Bun.sleep(rest);
  return { before, working, after: memoryOf(sluice.pid) };
}

async function startAlone(options: string[], folder: string): Promise<StartedProgram> {
  const port = freePort();
  const { command, sluice } = chooseSluice();
  const env = cleanEnvironment({ home: folder, baseUrl: "http://127.0.0.1:9" });
  const all = ["serve", "--port", String(port), "--max-processes", String(streams + 4), "--log-level", "warn"];
  return await startProgram("alone", sluice, [...command, ...all, ...options], port, { env, cwd: folder });
}

function targetOf({ url }: StartedProgram) {
  return { url, model: "claude-sonnet-5-5", headers: {} };
}
