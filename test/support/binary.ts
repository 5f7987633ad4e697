/** The executable that `bun build.ts` makes, as a process of its own. */

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { Glob } from "bun";
import { cleanEnvironment, eventually, type ProcessInfo, processesWith, realClaude } from "./environment.ts";
import { expectNoSecrets } from "./secrets.ts";

const root = resolve(import.meta.dir, "../..");
/** What `bun build.ts` makes. */
export const executable = resolve(root, "dist/sluice");

export interface BinaryOptions {
  /** What is run instead of the built executable. */
  command?: readonly string[];
  args?: string[];
  /** Changes of the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  claude?: string;
  /** A command that becomes the one behind it, such as `nice`. */
  through?: string[];
}

export interface RunningBinary extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** What it has printed, to stdout and stderr. */
  output(): string;
  /** The lines of its log that have these words in these fields, once there are so many. */
  logged(words: Record<string, string>, count?: number): Promise<Record<string, unknown>[]>;
  /** It and all that it has started, as far as they run. */
  processes(): ProcessInfo[];
  /** What it has started, and what that has started in turn, as far as it runs. */
  children(): ProcessInfo[];
  /** Posts a JSON body. */
  post(path: string, body: object, init?: RequestInit): Promise<Response>;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code. */
  readonly exited: Promise<number>;
  /** Ends it by SIGTERM, and returns its exit code once all that it started is gone. */
  stop(): Promise<number>;
}

/** Builds the executable, unless it is newer than its source: others may be running it. Throws when that fails. */
export async function buildBinary(): Promise<void> {
  if (isCurrent()) return;
  const build = Bun.spawn([process.execPath, "build.ts"], { cwd: root, stdout: "ignore", stderr: "inherit" });
  if ((await build.exited) !== 0) throw new Error("bun build.ts failed");
}

/** The executable, where it was built from the source as it is now; otherwise the source itself. */
export function chooseSluice(): { command: string[]; sluice: string } {
  if (isCurrent()) return { command: [executable], sluice: "dist/sluice" };
  const why = modified(executable) === 0 ? "there is no dist/sluice" : "dist/sluice is older than src";
  return { command: [process.execPath, resolve(root, "src/main.ts")], sluice: `bun src/main.ts (${why})` };
}

function isCurrent(): boolean {
  const sources = [...new Glob("src/**/*").scanSync({ cwd: root, absolute: true }), resolve(root, "package.json")];
  return modified(executable) > Math.max(...sources.map(modified));
}

/** Starts the built executable, with the real CLI if no other is given; resolves when it answers and has found the CLI. */
export async function startBinary(
  home: string,
  mock: { url: string },
  { command = [executable], args = [], env = {}, claude = realClaude, through = [] }: BinaryOptions = {},
): Promise<RunningBinary> {
  const marker = crypto.randomUUID();
  const sluice = Bun.spawn(
    [...through, ...command, "--port", "0", "--claude", claude, "--pass-env", "SLUICE_TEST", ...args],
    {
      cwd: home,
      env: { ...cleanEnvironment({ home, baseUrl: mock.url, marker }), ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    },
  );
  let printed = "";
  for (const stream of [sluice.stdout, sluice.stderr]) {
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
    })();
  }
  const { pid, exited } = sluice;
  const stop = async () => {
    if (sluice.exitCode === null) sluice.kill("SIGTERM");
    const code = await exited;
    await eventually(() => processesWith(marker).length === 0);
    expectNoSecrets(printed);
    return code;
  };
  await eventually(() => {
    if (sluice.exitCode !== null)
      throw new Error(`Sluice did not start, but ended with ${sluice.exitCode}:\n${printed}`);
    return printed.includes("For your clients");
  });
  const url = /(?:listening|answers) on (http:\S+)/.exec(printed)?.[1] ?? "";
  return {
    url,
    port: Number(new URL(url).port),
    pid,
    output: () => printed,
    logged: (words, count = 1) =>
      eventually(() => {
        const lines = printed.split("\n").filter((line) => line.startsWith("{") && line.endsWith("}"));
        const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        const found = entries.filter((entry) =>
          Object.entries(words).every(([field, text]) => String(entry[field] ?? "").includes(text)),
        );
        return found.length >= count ? found : undefined;
      }),
    processes: () => processesWith(marker),
    children: () => processesWith(marker).filter((one) => one.pid !== pid),
    post: (path, body, init) =>
      fetch(url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        ...init,
      }),
    kill: (signal) => sluice.kill(signal),
    exited,
    stop,
    [Symbol.asyncDispose]: async () => void (await stop()),
  };
}

function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
