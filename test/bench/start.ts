/** How long Sluice takes until it listens, and what it holds before the first request. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { chooseSluice } from "../support/binary.ts";
import { cleanEnvironment, eventually, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock } from "../support/mock-anthropic.ts";
import { memoryOf } from "./memory.ts";
import { accepts, freePort } from "./program.ts";
import { digits, noisy, table } from "./report.ts";
import { median, quantile } from "./stats.ts";

/** What a process of Claude Code takes to become a spare, and more (milliseconds). */
const calm = 1000;

/** No start takes nearly as long (milliseconds). */
const patience = 30_000;

/** What was measured of the starts, each a list with one number for each time. */
export interface Start {
  /** Milliseconds from the start of the process to the first connection. */
  listening: number[];
  /** The same in native mode, which begins all over once it has raised the limit of its requests. */
  native: number[];
  /** The same for the bare server. */
  bare: number[];
  /** Milliseconds of the processors until Sluice listens: a busy machine changes them less. */
  cpu: number[];
  /** Megabytes that are resident in Sluice alone, once a spare waits and before the first request. */
  memory: number[];
}

/** Milliseconds and megabytes. */
const limits = { listening: 30, memory: 55 };

/** Starts the bare server and Sluice in turn, once more than is counted. */
export async function measureStart(times: number, signal: AbortSignal): Promise<Start> {
  await using folder = await temporaryFolder();
  await using mock = await startMock();
  const env = cleanEnvironment({ home: folder.path, baseUrl: mock.url });
  const bareServer = join(folder.path, "bare-server");
  await Bun.build({
    entrypoints: [resolve(import.meta.dir, "bare-server.ts")],
    compile: { outfile: bareServer },
    bytecode: true,
    format: "esm",
  });

  const start: Start = { listening: [], native: [], bare: [], cpu: [], memory: [] };
  const { command } = chooseSluice();
  for (let time = 0; time <= times; time++) {
    signal.throwIfAborted();
    // One after the other has ended: what one still does when it listens is no part of another's start.
    const bare = await timeOf(folder.path, env, (port) => [bareServer, port]);
    const native = await timeOf(folder.path, env, (port) => [...command, "--port", port, "--mode", "native"]);
    await using sluice = await listen(folder.path, env, (port) => [...command, "--port", port, "--claude", realClaude]);
    await sluice.printed("For your clients");
    // Nobody asks whether the spare waits by now: that would be the first request.
    await Bun.sleep(calm);
    // The first ones bring everything from the disk.
    if (time === 0) continue;
    start.bare.push(bare);
    start.native.push(native);
    start.listening.push(sluice.ms);
    start.cpu.push(sluice.cpu);
    start.memory.push(memoryOf(sluice.pid).rss);
  }
  return start;
}

async function timeOf(...command: Parameters<typeof listen>): Promise<number> {
  await using started = await listen(...command);
  return started.ms;
}

/** Starts a command that listens on a port. Resolves when it does, with the time that took; it ends with the scope. */
async function listen(cwd: string, env: Record<string, string>, command: (port: string) => string[]) {
  const port = freePort();
  const began = performance.now();
  const child = Bun.spawn(command(String(port)), { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  let text = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk, { stream: true });
  })();
  const end = async () => {
    child.kill("SIGTERM");
    await child.exited;
  };
  while (!(await accepts(port))) {
    if (child.exitCode !== null || performance.now() - began > patience) {
      await end();
      throw new Error(`${command("PORT").join(" ")} did not listen`);
    }
    // Whoever asks more often takes the processor from what is asked.
    await Bun.sleep(1);
  }
  return {
    ms: performance.now() - began,
    cpu: processorTime(child.pid),
    pid: child.pid,
    /** Resolves when it has printed these words. */
    printed: (words: string) => eventually(() => text.includes(words)),
    [Symbol.asyncDispose]: end,
  };
}

/** Milliseconds that all threads of a process have run. */
function processorTime(pid: number): number {
  const times = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  return times.reduce((sum, time) => sum + time, 0) / 1e6;
}

/** Prints the figures; returns whether a limit is missed. */
export function reportStart({ listening, native, bare, cpu, memory }: Start): boolean {
  const row = (title: string, values: readonly number[], limit?: number) => {
    const verdict = limit === undefined ? "" : median(values) <= limit ? "OK" : "MISSED";
    const figures = [median(values), quantile(values, 0.95)].map((value) => digits(value, 1));
    return [title, String(values.length), ...figures, limit === undefined ? "" : `<= ${limit}`, verdict];
  };
  const rows = [
    ["start", "n", "median", "p95", "limit", ""],
    row("bare server listens after ms", bare),
    row("Sluice listens after ms", listening, limits.listening),
    row("of that on the processors, ms", cpu),
    row("Sluice in native mode listens after ms", native),
    row("memory before the first request, MB", memory, limits.memory),
  ];
  console.log(["", ...table(rows)].join("\n"));
  if (quantile(bare, 0.95) > noisy * median(bare)) {
    console.log("\nThis machine was busy: the bare server itself varied too much for milliseconds to be trusted.");
  }
  return rows.some((cells) => cells.includes("MISSED"));
}
