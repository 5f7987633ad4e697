/** What is measured: a Sluice in a process of its own, and the bare CLI, in one environment and before one upstream. */

import { randomUUID } from "node:crypto";
import { chooseSluice } from "../support/binary.ts";
import { cleanEnvironment, eventually, processesWith, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock } from "../support/mock-anthropic.ts";
import { TextWatch } from "./client.ts";
import { respond } from "./material.ts";
import { poolSettled, type Wanted } from "./pool.ts";

/** A conversation that no scenario needs any more is soon gone, and takes no memory from those that follow. */
const options = "--port 0 --spares 1 --idle-ttl 8s --park-ttl 8s --pass-env SLUICE_TEST --log-level warn".split(" ");

/** How long Sluice may take to end (milliseconds). */
const patience = 10_000;

export interface Subject extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What runs, in words. */
  readonly sluice: string;
  /** The CLI's version and path, as Sluice tells them. */
  readonly claude: string;
  /** Resolves when a spare waits, or just as many as are told, and nothing else goes on; where told so, also what is kept. */
  settled(wanted?: Wanted): Promise<void>;
  /** Milliseconds from the start of `claude -p` to its first text. */
  bare(signal: AbortSignal): Promise<number>;
  /** What Sluice has warned of. */
  warnings(): string;
}

/**
 * Starts upstream and Sluice; they end with the scope, and with this process however it ends. A quarter of its processes
 * may be spares.
 */
export async function startSubject(interrupted: AbortSignal, maxProcesses: number): Promise<Subject> {
  await using started = new AsyncDisposableStack();
  const folder = started.use(await temporaryFolder());
  // In this process, which does nothing else meanwhile: it answers within 1 ms, as it does in a process of its own.
  const mock = started.use(await startMock({ handler: respond }));
  const marker = randomUUID();
  const env = cleanEnvironment({ home: folder.path, baseUrl: mock.url, marker });

  const { command, sluice } = chooseSluice();
  const child = Bun.spawn([...command, ...options, "--max-processes", String(maxProcesses), "--claude", realClaude], {
    cwd: folder.path,
    env: { ...env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  started.defer(() => end(child, marker));
  const stdout = collectText(child.stdout);
  const stderr = collectText(child.stderr);
  const printed = (pattern: RegExp) =>
    eventually(() => {
      interrupted.throwIfAborted();
      if (child.exitCode !== null) throw new Error(`Sluice ended: ${stderr.text}`);
      return pattern.exec(stdout.text)?.[1];
    });
  const url = await printed(/listening on (http:\S+)\n/);
  const claude = await printed(/^Claude Code (.+)$/m);
  await printed(/(For your clients)/);

  const running = started.move();
  return {
    url,
    pid: child.pid,
    sluice,
    claude,
    settled: (wanted = {}) => poolSettled(url, wanted, () => interrupted.throwIfAborted()),
    bare: (signal) => bare(folder.path, env, signal),
    warnings: () => stderr.text.trim(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function bare(cwd: string, env: Record<string, string>, signal: AbortSignal): Promise<number> {
  const flags = ["--model", "sonnet", "--output-format", "stream-json", "--verbose", "--include-partial-messages"];
  const watch = new TextWatch();
  const child = Bun.spawn([realClaude, "-p", "hi", ...flags], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    signal,
  });
  const stderr = collectText(child.stderr);
  for await (const _ of watch.over(child.stdout));
  const code = await child.exited;
  if (code === 0 && watch.firstText !== undefined) return watch.firstText;
  throw new Error(
    `claude -p ended with ${child.signalCode ?? code} and ${watch.firstText === undefined ? "no" : "a"} text: ${stderr.text}`,
  );
}

/** Ends Sluice as a person would, and by force what is left after that. */
async function end(child: Bun.Subprocess, marker: string): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), patience);
  await child.exited;
  clearTimeout(timer);
  for (const { pid } of processesWith(marker)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself in between.
    }
  }
}

function collectText(stream: ReadableStream<Uint8Array>): { text: string } {
  const collected = { text: "" };
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) collected.text += decoder.decode(chunk, { stream: true });
  })();
  return collected;
}
