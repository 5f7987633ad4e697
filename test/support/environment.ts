/** What a test needs of the machine: an environment that touches nothing of the person's own, and a view of processes. */

import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { secrets } from "./secrets.ts";

/** The Claude Code that the dev dependency pins. */
export const realClaude = resolve(import.meta.dir, "../../node_modules/.bin/claude");

export interface CleanEnvironmentOptions {
  /** A folder of this test alone. */
  home: string;
  /** The mock upstream. */
  baseUrl: string;
  path?: string;
  /** A value of `SLUICE_TEST`, by which `processesWith` finds every process that inherited it. */
  marker?: string;
}

/** An environment in which the real CLI finds neither the person's login nor settings, and calls nothing but the mock. */
export function cleanEnvironment({ home, baseUrl, path, marker }: CleanEnvironmentOptions): Record<string, string> {
  const temporary = join(home, "tmp");
  mkdirSync(temporary, { recursive: true });
  return {
    HOME: home,
    CLAUDE_CONFIG_DIR: join(home, ".claude"),
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, ".local/state"),
    XDG_DATA_HOME: join(home, ".local/share"),
    XDG_CACHE_HOME: join(home, ".cache"),
    XDG_RUNTIME_DIR: temporary,
    TMPDIR: temporary,
    PATH: path ?? process.env["PATH"] ?? "/usr/bin:/bin",
    ANTHROPIC_BASE_URL: baseUrl,
    ANTHROPIC_API_KEY: secrets.apiKey,
    DEPLOY_TOKEN: secrets.deployToken,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    ...(marker === undefined ? {} : { SLUICE_TEST: marker }),
  };
}

export interface TemporaryFolder extends AsyncDisposable {
  readonly path: string;
}

/** A folder that is gone with the scope: `await using folder = await temporaryFolder()`. */
export async function temporaryFolder(parent = tmpdir()): Promise<TemporaryFolder> {
  const path = await realpath(await mkdtemp(join(parent, "sluice-test-")));
  return {
    path,
    // A process that is just ending may still write into it.
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }),
  };
}

export interface ProcessInfo {
  pid: number;
  parent: number;
  command: string;
}

/** The running processes whose environment carries `SLUICE_TEST=<marker>`. */
export function processesWith(marker: string): ProcessInfo[] {
  const entry = `SLUICE_TEST=${marker}`;
  return processes().filter(({ pid }) => readProcess(pid, "environ").split("\0").includes(entry));
}

/** The running children of a process, and theirs. */
export function descendants(pid: number): ProcessInfo[] {
  const all = processes();
  const below = (parent: number): ProcessInfo[] =>
    all.filter((one) => one.parent === parent).flatMap((one) => [one, ...below(one.pid)]);
  return below(pid);
}

/** Whether a process runs; one that ended and waits to be reaped does not. */
export function isRunning(pid: number): boolean {
  return processes().some((one) => one.pid === pid);
}

/** The first truthy value of a check that is repeated; throws when there is none for a time that no good run needs. */
export async function eventually<T>(check: () => T | Promise<T>, timeoutMs = 30_000): Promise<NonNullable<T>> {
  const deadline = performance.now() + timeoutMs;
  while (true) {
    const value = await check();
    if (value) return value;
    if (performance.now() > deadline) throw new Error(`Not true within ${timeoutMs} ms: ${check.toString()}`);
    await Bun.sleep(10);
  }
}

function processes(): ProcessInfo[] {
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  return pids.flatMap((pid) => {
    // "pid (command) state ppid …", where the command may contain anything.
    const stat = readProcess(pid, "stat");
    const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (state === undefined || parent === undefined || state === "Z") return [];
    return [{ pid, parent: Number(parent), command: readProcess(pid, "cmdline").replaceAll("\0", " ").trim() }];
  });
}

/** A file of a process; empty when the process has ended in between, or belongs to someone else. */
function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}
