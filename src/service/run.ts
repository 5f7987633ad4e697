/** The programs of the service manager, found on PATH and bounded in time. */

import { StartError } from "../error.ts";

export interface Outcome {
  /** The exit code; 127 where there is no such program. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export type Environment = Readonly<Record<string, string>>;

/** Runs a program to its end, for at most `seconds`. Never throws. */
export async function run(command: readonly string[], env: Environment, seconds = 30): Promise<Outcome> {
  const child = start(command, env, "pipe");
  if (child === undefined) return { code: 127, stdout: "", stderr: `${command[0]} was not found` };
  const timer = setTimeout(() => child.kill("SIGKILL"), seconds * 1000);
  const texts = [child.stdout, child.stderr].map((stream) => new Response(stream as ReadableStream).text());
  const [stdout = "", stderr = ""] = await Promise.all(texts);
  const code = await child.exited;
  clearTimeout(timer);
  return { code, stdout, stderr: child.signalCode === null ? stderr : `${stderr}(ended by ${child.signalCode})` };
}

/** The same, but what it says of a failure becomes a StartError. */
export async function must(command: readonly string[], env: Environment, seconds?: number): Promise<string> {
  const { code, stdout, stderr } = await run(command, env, seconds);
  if (code === 0) return stdout;
  const said = (stderr || stdout).trim().split("\n")[0] ?? "";
  throw new StartError("service_failed", `\`${command.join(" ")}\` failed (exit code ${code}): ${said}`);
}

/** Runs a program that speaks to the person itself, and gives its exit code. */
export async function show(command: readonly string[], env: Environment): Promise<number> {
  const child = start(command, env, "inherit");
  if (child === undefined) throw new StartError("service_failed", `There is no program ${command[0]} on PATH.`);
  return await child.exited;
}

/** When a process started (ISO 8601); undefined where nobody knows. */
export async function startOf(pid: number, env: Environment): Promise<string | undefined> {
  const started = new Date((await run(["ps", "-o", "lstart=", "-p", String(pid)], env)).stdout.trim());
  return Number.isNaN(started.getTime()) ? undefined : started.toISOString();
}

function start([program = "", ...args]: readonly string[], env: Environment, output: "pipe" | "inherit") {
  const path = Bun.which(program, { PATH: env["PATH"] ?? "" });
  if (path === null) return undefined;
  return Bun.spawn([path, ...args], { env: { ...env, LC_ALL: "C" }, stdin: "ignore", stdout: output, stderr: output });
}
