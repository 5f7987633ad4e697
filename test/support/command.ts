/** The command line as a process of its own, in an environment that holds nothing of the person's. */

import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cleanEnvironment, eventually, temporaryFolder } from "./environment.ts";
import { expectNoSecrets } from "./secrets.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

export interface RunningCommand extends AsyncDisposable {
  /** The folder that is its home. */
  readonly home: string;
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** The first match in what is printed to stdout; throws when the process ends without it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, or the signal that ended it, once both pipes are read. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

export interface CommandOptions {
  /** Changes of the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  /** Prepares the home folder; what it returns are further arguments. */
  prepare?: (home: string) => string[];
}

/** Starts `sluice …args`; it ends with the scope: `await using command = await startCommand([…])`. */
export async function startCommand(
  args: readonly string[],
  { env = {}, prepare = () => [] }: CommandOptions = {},
): Promise<RunningCommand> {
  const folder = await temporaryFolder();
  const home = folder.path;
  const further = prepare(home);
  const clean = cleanEnvironment({ home, baseUrl: "http://127.0.0.1:9", path: "/usr/bin:/bin" });
  const child = Bun.spawn([process.execPath, main, ...args, ...further], {
    cwd: home,
    env: { ...clean, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });

  const printed = { stdout: "", stderr: "" };
  const read = async (name: "stdout" | "stderr") => {
    const decoder = new TextDecoder();
    for await (const chunk of child[name]) printed[name] += decoder.decode(chunk, { stream: true });
  };
  let over = false;
  const ended = Promise.all([child.exited, read("stdout"), read("stderr")]).then(([code]) => {
    over = true;
    return child.signalCode ?? code;
  });

  return {
    home,
    pid: child.pid,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    until: async (pattern) =>
      await eventually(() => {
        const match = pattern.exec(printed.stdout);
        if (match === null && over) throw new Error(`It ended without ${pattern}: ${JSON.stringify(printed)}`);
        return match;
      }),
    kill: (signal) => child.kill(signal),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
      await folder[Symbol.asyncDispose]();
      expectNoSecrets(printed.stdout, printed.stderr);
    },
  };
}

/** Runs a command line to its end. */
export async function runCommand(args: readonly string[], options?: CommandOptions) {
  await using command = await startCommand(args, options);
  return { code: await command.ended, stdout: command.stdout(), stderr: command.stderr(), home: command.home };
}

/** What a shell script does when it is asked for its version, for its login, and for a turn. */
export interface ClaudeScript {
  version: string;
  auth: string;
  turn?: string;
}

/** A shell script in the place of Claude Code, for what the start of Sluice asks of it. */
export function scriptedClaude(home: string, { version, auth, turn = "" }: ClaudeScript, mode = 0o755): string {
  const path = join(home, "fake/claude");
  mkdirSync(join(home, "fake"), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\ncase "$1" in\n--version) ${version};;\n--setting-sources=) ${auth};;\n*) ${turn};;\nesac\n`,
  );
  chmodSync(path, mode);
  return path;
}

/** A line of a script that waits for a file in the home folder; it also ends when the folder is gone with its test. */
export function waitForFile(name: string): string {
  return `until [ -e "$HOME/${name}" ] || [ ! -d "$HOME" ]; do sleep 0.05; done`;
}
