/** The executable that `bun build.ts` makes, as a process of its own. */

import { resolve } from "node:path";
import { cleanEnvironment, eventually, processesWith, realClaude } from "./environment.ts";
import type { Mock } from "./mock-anthropic.ts";

const root = resolve(import.meta.dir, "../..");

export interface RunningBinary extends AsyncDisposable {
  readonly url: string;
  /** What it has printed, to stdout and stderr. */
  output(): string;
  /** Ends it by SIGTERM, and returns its exit code once all that it started is gone. */
  stop(): Promise<number>;
}

/** Builds the executable anew; throws when that fails. */
export async function buildBinary(): Promise<void> {
  const build = Bun.spawn([process.execPath, "build.ts"], { cwd: root, stdout: "ignore", stderr: "inherit" });
  if ((await build.exited) !== 0) throw new Error("bun build.ts failed");
}

/** Starts the built executable with the real CLI; resolves when it answers and has found the CLI. */
export async function startBinary(home: string, mock: Mock): Promise<RunningBinary> {
  const marker = crypto.randomUUID();
  const sluice = Bun.spawn(
    [resolve(root, "dist/sluice"), "--port", "0", "--claude", realClaude, "--pass-env", "SLUICE_TEST"],
    { cwd: home, env: cleanEnvironment({ home, baseUrl: mock.url, marker }), stdout: "pipe", stderr: "pipe" },
  );
  let printed = "";
  for (const stream of [sluice.stdout, sluice.stderr]) {
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
    })();
  }
  const stop = async () => {
    if (sluice.exitCode === null) sluice.kill("SIGTERM");
    const code = await sluice.exited;
    await eventually(() => processesWith(marker).length === 0);
    return code;
  };
  const url = await eventually(() => /listening on (http:\S+)/.exec(printed)?.[1]);
  await eventually(() => printed.includes("For your clients"));
  return { url, output: () => printed, stop, [Symbol.asyncDispose]: async () => void (await stop()) };
}
