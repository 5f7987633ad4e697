/** Where a client is tried: the compiled Sluice with the real CLI, a mock upstream, and a home of the client's own. */

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { type RunningBinary, startBinary } from "../support/binary.ts";
import { type ProcessInfo, processesWith, temporaryFolder } from "../support/environment.ts";
import { type Mock, startMock } from "../support/mock-anthropic.ts";
import { startTrap } from "./trap.ts";

/** No client needs nearly as long for the task (milliseconds). */
const longest = 300_000;

export interface Stage extends AsyncDisposable {
  readonly mock: Mock;
  /** The client's home folder, and the one that it works in. */
  readonly home: string;
  readonly work: string;
  /** The packages of the client. */
  readonly modules: string;
  /** Sluice's address; another one after a restart. */
  readonly url: string;
  /** Ends Sluice and starts it again: of what it knew, only what it stored is left. */
  restart(): Promise<void>;
  /** Runs a command of the client to its end, and returns what it printed. Throws when it fails. */
  run(command: readonly string[], env?: Record<string, string>): Promise<string>;
  /** Starts a command of the client that goes on; it ends with the stage at the latest. */
  start(command: readonly string[], env?: Record<string, string>): Program;
  /** What runs of all that the client has started. */
  processes(): ProcessInfo[];
  /** What the client asked of others than Sluice. */
  readonly strays: readonly string[];
  /** What Sluice has printed. */
  output(): string;
}

export interface Program {
  /** What it has printed. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
}

/** Prepares a stage for the client whose commands are in `bin`. */
export async function openStage(bin: string): Promise<Stage> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await temporaryFolder());
  const mock = stack.use(await startMock());
  const trap = stack.use(await startTrap());
  const marker = crypto.randomUUID();
  stack.defer(() => endAll(marker));
  const [own, home] = [join(folder.path, "sluice"), join(folder.path, "client")];
  const [work, temporary] = [join(home, "work"), join(home, "tmp")];
  for (const path of [own, work, temporary]) mkdirSync(path, { recursive: true });
  let sluice: RunningBinary = await startBinary(own, mock);
  stack.defer(async () => void (await sluice.stop()));
  const kept = stack.move();

  const spawn = (command: readonly string[], env: Record<string, string> = {}) => {
    const path = `${bin}:${process.env["PATH"] ?? "/usr/bin:/bin"}`;
    return Bun.spawn([...command], {
      cwd: work,
      env: { HOME: home, TMPDIR: temporary, PATH: path, SLUICE_TEST: marker, ...trap.env, ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
  };

  return {
    mock,
    home,
    work,
    modules: dirname(bin),
    get url() {
      return sluice.url;
    },
    restart: async () => {
      await sluice.stop();
      sluice = await startBinary(own, mock);
    },
    run: async (command, env) => {
      const child = spawn(command, env);
      const clock = setTimeout(() => endAll(marker), longest);
      const printed = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
      const code = await child.exited;
      clearTimeout(clock);
      if (code !== 0) throw new Error(`${command[0]} ended with ${child.signalCode ?? code}:\n${printed.join("\n")}`);
      return printed[0];
    },
    start: (command, env) => {
      const child = spawn(command, env);
      let printed = "";
      for (const stream of [child.stdout, child.stderr]) {
        void (async () => {
          const decoder = new TextDecoder();
          for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
        })();
      }
      return {
        output: () => printed,
        kill: (signal) => child.kill(signal),
        ended: child.exited.then((code) => child.signalCode ?? code),
      };
    },
    processes: () => processesWith(marker),
    strays: trap.caught,
    output: () => sluice.output(),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Ends what a client has started, also what it left behind. */
function endAll(marker: string): void {
  for (const { pid } of processesWith(marker)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
