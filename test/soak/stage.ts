/** One Sluice of a soak, with what is watched of it. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { median } from "../bench/stats.ts";
import { type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, realClaude, temporaryFolder } from "../support/environment.ts";
import { fakeClaude } from "../support/fake-claude.ts";
import { lastUserText, type RequestBody, startMock } from "../support/mock-anthropic.ts";
import { linesIn } from "../support/seen.ts";
import { type Client, hash } from "./client.ts";
import { claudeScript, reply } from "./faults.ts";

/** A conversation that nobody goes on with is soon gone, so that the end of a run is as its start. */
const options = "--idle-ttl 3s --queue 1000 --queue-timeout 5m --log-level warn".split(" ");

/** How long a CLI may be silent (seconds): longer than a busy machine takes for the next line. */
export const patience = 20;

export interface StageOptions {
  claude: "fake" | "real";
  maxProcesses: number;
  command: readonly string[];
}

export interface Left {
  descriptors: number;
  /** What Sluice made for a time, and what it clears away behind a CLI that was killed. */
  files: string[];
}

export interface Stage extends AsyncDisposable {
  readonly claude: "fake" | "real";
  readonly sluice: RunningBinary;
  /** Who asks; what reaches the upstream must be what one of them has sent. */
  readonly clients: Client[];
  /** How long an answer takes on average (seconds); none until it is set. */
  pace: number;
  /** What reached the upstream and should not have. */
  readonly strays: string[];
  /** How often the upstream was asked each question. */
  readonly asked: ReadonlyMap<string, number>;
  /** Looks at its resident memory twice a second; called again, stops and gives it in megabytes. */
  watch(): () => number[];
  /** Resolves when only a spare is left. Gives what the process holds then. */
  settled(): Promise<Left>;
}

export async function startStage({ claude, maxProcesses, command }: StageOptions): Promise<Stage> {
  await using started = new AsyncDisposableStack();
  const folder = started.use(await temporaryFolder());
  const mock = started.use(await startMock());
  const path = claude === "real" ? realClaude : await fakeClaude(claudeScript, folder.path);
  const args = [...options, "--max-processes", String(maxProcesses), "--stall-timeout", `${patience}s`];
  const sluice = started.use(await startBinary(folder.path, mock, { command, claude: path, args }));

  const clients: Client[] = [];
  const strays: string[] = [];
  const asked = new Map<string, number>();
  mock.respond((body) => {
    const question = lastUserText(body);
    asked.set(question, (asked.get(question) ?? 0) + 1);
    if (!isSent(body, clients)) strays.push(linesIn(body).join(" | ").slice(0, 300));
    return reply(body, stage.pace);
  });

  const running = started.move();
  const stage: Stage = {
    claude,
    sluice,
    clients,
    pace: 0,
    strays,
    asked,
    watch() {
      const samples: number[] = [];
      const timer = setInterval(() => samples.push(residentMemory(sluice.pid)), 500);
      return () => {
        clearInterval(timer);
        return samples;
      };
    },
    async settled() {
      let state: unknown;
      const quiet = async () => {
        // To look at every process of the machine is work.
        await Bun.sleep(200);
        const { detail } = (await (await fetch(`${sluice.url}/health`, { keepalive: false })).json()) as Health;
        const { processes, spares, starting, waiting } = detail;
        // A start that took too long is tried again when somebody asks.
        if (processes === 0) await clients[0]?.ask(undefined);
        const all = sluice.processes();
        state = { ...detail, all };
        return processes === 1 && spares === 1 && starting === 0 && waiting === 0 && all.length === 2;
      };
      await eventually(quiet, 60_000).catch((error: Error) => {
        throw new Error(
          `The ${claude} CLI's Sluice does not come to rest: ${JSON.stringify(state)}\n${sluice.output()}`,
          { cause: error },
        );
      });
      // What was closed just now may take a moment to be gone.
      const now = () => ({ descriptors: descriptors(sluice.pid), files: filesIn(folder.path) });
      for (let before = now(); ; before = now()) {
        await Bun.sleep(1000);
        if (Bun.deepEquals(before, now())) return before;
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  return stage;
}

interface Health {
  detail: { processes: number; spares: number; starting: number; waiting: number };
}

function isSent(body: RequestBody, clients: readonly Client[]): boolean {
  const [, id] = /You serve client (\d+)\./.exec(JSON.stringify(body.system)) ?? [];
  const client = clients.find((one) => one.id === Number(id));
  return client?.sent.has(hash(linesIn(body))) ?? false;
}

function residentMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}

function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function filesIn(home: string): string[] {
  const own = readdirSync(join(home, "tmp")).filter((name) => name.startsWith("sluice-"));
  const folders = [...own.map((name) => join("tmp", name)), "tmp/cc-socks", ".claude/sessions"];
  const there = folders.map((name) => join(home, name)).filter(existsSync);
  return there.flatMap((path) => readdirSync(path, { recursive: true }).map((name) => join(path, String(name)))).sort();
}

/** How much memory was there in the last tenth of a run, as a ratio to the second: in the first the program warms up. */
export function growth(samples: readonly number[]): { early: number; late: number; ratio: number } {
  const tenth = Math.floor(samples.length / 10);
  const early = median(samples.slice(tenth, 2 * tenth));
  const late = median(samples.slice(-tenth));
  return { early, late, ratio: late / early };
}
