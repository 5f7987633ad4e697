/** How long Sluice takes until it listens, and what it holds before the first request. */

import { join, resolve } from "node:path";
import { chooseSluice } from "../support/binary.ts";
import { cleanEnvironment, eventually, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock } from "../support/mock-anthropic.ts";
import { memoryOf } from "./memory.ts";
import { digits, table } from "./report.ts";
import { median, quantile } from "./stats.ts";

/** No start takes nearly as long (milliseconds). */
const patience = 30_000;

/** What was measured of the starts, each a list with one number for each time. */
export interface Start {
  /** Milliseconds from the start of the process to the first connection. */
  listening: number[];
  /** The same for the bare server. */
  bare: number[];
  /** Megabytes that are resident in Sluice alone, once a spare waits. */
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

  const start: Start = { listening: [], bare: [], memory: [] };
  for (let time = 0; time <= times; time++) {
    signal.throwIfAborted();
    await using bare = await listen(folder.path, env, (port) => [bareServer, port]);
    await using sluice = await listen(folder.path, env, (port) => [
      ...chooseSluice().command,
      "--port",
      port,
      "--claude",
      realClaude,
    ]);
    await eventually(async () => {
      const response = await fetch(`${sluice.url}/health`);
      return ((await response.json()) as { detail: { spares: number } }).detail.spares > 0;
    });
    // The first ones bring everything from the disk.
    if (time === 0) continue;
    start.bare.push(bare.ms);
    start.listening.push(sluice.ms);
    start.memory.push(memoryOf(sluice.pid).rss);
  }
  return start;
}

/** Starts a command that listens on a port. Resolves when it does, with the time that took; it ends with the scope. */
async function listen(cwd: string, env: Record<string, string>, command: (port: string) => string[]) {
  const port = freePort();
  const began = performance.now();
  const child = Bun.spawn(command(String(port)), { cwd, env, stdin: "ignore", stdout: "ignore", stderr: "ignore" });
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
    pid: child.pid,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: end,
  };
}

function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } })).end();
    return true;
  } catch {
    return false;
  }
}

/** Prints the figures; returns whether a limit is missed. */
export function reportStart({ listening, bare, memory }: Start): boolean {
  const row = (title: string, values: readonly number[], limit?: number) => {
    const verdict = limit === undefined ? "" : median(values) <= limit ? "OK" : "MISSED";
    const figures = [median(values), quantile(values, 0.95)].map((value) => digits(value, 1));
    return [title, String(values.length), ...figures, limit === undefined ? "" : `<= ${limit}`, verdict];
  };
  const rows = [
    ["start", "n", "median", "p95", "limit", ""],
    row("bare server listens after ms", bare),
    row("Sluice listens after ms", listening, limits.listening),
    row("memory before the first request, MB", memory, limits.memory),
  ];
  console.log(["", ...table(rows)].join("\n"));
  return rows.some((cells) => cells.includes("MISSED"));
}
