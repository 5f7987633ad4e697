/**
 * Draws the picture at the top of the README, docs/cast.svg, from a real run in an empty home folder: `sluice serve` with
 * the real Claude Code, a streamed answer, and the snippet for a client. The upstream is the mock of the tests.
 * `bun test/support/cast.ts` writes it anew.
 */

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { drawCast, type Pane, type Piece } from "./cast-svg.ts";
import { cleanEnvironment, eventually, realClaude, temporaryFolder } from "./environment.ts";
import { startMock, text } from "./mock-anthropic.ts";

const root = resolve(import.meta.dir, "../..");

/** Where the picture is, as the README names it. */
export const castPath = join(root, "docs/cast.svg");

const columns = 100;

/** Waits in milliseconds: of a person, who reads and types, and of the model. */
const reading = 900;
const typing = 28;
const writing = 130;

const answer =
  "A gate that lets water through a channel: just as much of it as is wanted, and only where it is wanted.";

const request = `{"model": "sonnet", "max_tokens": 100, "stream": true,
  "messages": [{"role": "user", "content": "What is a sluice?"}]}`;

/** What the run prints, as two terminals show it. */
export async function recordCast(port = 3456): Promise<Pane[]> {
  await using folder = await temporaryFolder();
  const home = folder.path;
  await using mock = await startMock();
  mock.respond(() => text(answer, { chunks: 8, delayMs: writing }));
  const environment = {
    ...cleanEnvironment({ home, baseUrl: mock.url, path: `${programs(home)}:/usr/bin:/bin` }),
    SLUICE_PORT: String(port),
  };

  const server = new Terminal(environment, home);
  const client = new Terminal(environment, home);
  const serving = server.run("sluice serve");
  try {
    await eventually(() => server.shown.includes("OPENAI_API_KEY") || !serving.running());
    if (!serving.running()) throw new Error(`sluice serve has ended: ${server.shown}`);
    client.wait(server.now + reading);
    await Bun.sleep(reading);
    await client.run(`curl -sN 127.0.0.1:${port}/v1/messages --json '${request}' | grep text_delta`).ended;
    await eventually(() => server.shown.includes("POST /v1/messages"));
    client.wait(client.now + reading);
    await client.run("sluice connect codex").ended;
    return [server.pane(), client.pane()];
  } finally {
    await serving.interrupt();
  }
}

/** A folder for PATH with the two commands that a person would have installed. */
function programs(home: string): string {
  const folder = join(home, ".local/bin");
  mkdirSync(folder, { recursive: true });
  symlinkSync(realClaude, join(folder, "claude"));
  const sluice = join(folder, "sluice");
  writeFileSync(sluice, `#!/bin/sh\nexec ${process.execPath} --no-env-file ${join(root, "src/main.ts")} "$@"\n`);
  chmodSync(sluice, 0o755);
  return folder;
}

/** A terminal, and when it showed what. */
class Terminal {
  shown = "";
  /** The time of the picture, in milliseconds: that of the run, and of typing what was run. */
  now = 0;
  readonly #pieces: Piece[] = [];
  readonly #environment: Record<string, string>;
  readonly #home: string;

  constructor(environment: Record<string, string>, home: string) {
    this.#environment = environment;
    this.#home = home;
  }

  /** Nothing happens before that time. */
  wait(until: number): void {
    this.now = Math.max(this.now, until);
  }

  /** Types a command line, and runs it as a shell does. */
  run(command: string) {
    this.#show("\x1b[36m$\x1b[0m ");
    for (const typed of command.match(/[^]{1,3}/g) ?? []) {
      this.now += typing * typed.length;
      this.#show(typed);
    }
    this.now += 200;
    this.#show("\n");
    const begun = performance.now() - this.now;
    const decoder = new TextDecoder();
    const child = Bun.spawn(["/bin/sh", "-c", command], {
      cwd: this.#home,
      env: { ...this.#environment, TERM: "xterm" },
      terminal: {
        cols: columns,
        data: (_, bytes) => {
          this.now = performance.now() - begun;
          this.#show(decoder.decode(bytes, { stream: true }).replaceAll("\r\n", "\n"));
        },
      },
    });
    return {
      ended: child.exited,
      running: () => child.exitCode === null,
      /** Ctrl-C. */
      interrupt: async () => {
        child.terminal?.write("\x03");
        await child.exited;
      },
    };
  }

  pane(): Pane {
    return { columns, pieces: [...this.#pieces] };
  }

  #show(text: string): void {
    this.shown += text;
    this.#pieces.push({ at: Math.round(this.now), text: text.replaceAll(this.#home, "~") });
  }
}

if (import.meta.main) await Bun.write(castPath, drawCast(await recordCast()));
