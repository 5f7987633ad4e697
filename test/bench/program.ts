/** A program that is measured: a process of its own that listens on a port. */

import { descendants, eventually } from "../support/environment.ts";

export interface StartedProgram<Name extends string = string> extends AsyncDisposable {
  readonly name: Name;
  /** What runs, in words. */
  readonly title: string;
  readonly url: string;
  readonly pid: number;
  /** What clients have to send for it. */
  readonly headers: Readonly<Record<string, string>>;
  /** All its processes. Throws where it has ended. */
  pids(): number[];
  /** What it has said of trouble. */
  warnings(): string;
}

interface StartOptions {
  headers?: Record<string, string>;
  env?: Record<string, string | undefined>;
  cwd?: string;
}

/** Starts a program, and waits until it takes connections. */
export async function startProgram<Name extends string>(
  name: Name,
  title: string,
  command: string[],
  port: number,
  { headers = {}, env = process.env, ...options }: StartOptions = {},
): Promise<StartedProgram<Name>> {
  const child = Bun.spawn(command, {
    ...options,
    env: { ...env, BUN_FEATURE_FLAG_NO_ORPHANS: "1" },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const program = {
    name,
    title,
    url: `http://127.0.0.1:${port}`,
    pid: child.pid,
    headers,
    pids: () => {
      const how = child.exitCode ?? child.signalCode;
      if (how !== null) throw new Error(`${title} has ended (${how}): ${said.trim()}`);
      return [child.pid, ...descendants(child.pid).map(({ pid }) => pid)];
    },
    warnings: () => said.trim(),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
      await child.exited;
      clearTimeout(timer);
    },
  };
  let said = "";
  void (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stderr) said = (said + decoder.decode(chunk, { stream: true })).slice(-10_000);
  })();
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${command.join(" ")} has ended: ${said}`);
      return await accepts(port);
    });
    return program;
  } catch (error) {
    await program[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether something listens on a port. */
export async function accepts(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: "127.0.0.1", port, socket: { data() {} } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

/** A port that nobody has now. */
export function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}
