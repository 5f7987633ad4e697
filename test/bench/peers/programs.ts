/** Who is measured: the bare CLI, and what can be put before it or before the API, each a process of its own. */

import { join } from "node:path";
import { cleanEnvironment, realClaude } from "../../support/environment.ts";
import { chooseSluice } from "../../support/binary.ts";
import { installPackage, packageFolder } from "../install.ts";
import { installPortkey, portkeyProgram, portkeyVersion } from "../native/install.ts";
import { poolSettled } from "../pool.ts";
import { freePort, startProgram, type StartedProgram } from "../program.ts";
import { converseBare } from "./bare.ts";
import { type Api, type Conversation, converse, Unable } from "./chat.ts";
import type { Traffic } from "./upstream.ts";
import { type Peak, type ProcessorTime, processorTime, watchMemory } from "./usage.ts";

export const peerNames = ["bare", "claude-max", "sluice", "native", "portkey"] as const;
export type PeerName = (typeof peerNames)[number];

export const peerTitles: Readonly<Record<PeerName, string>> = {
  bare: "claude -p",
  "claude-max": "claude-max-api-proxy",
  sluice: "Sluice",
  native: "Sluice, native mode",
  portkey: "Portkey gateway",
};

/** What a work has taken; nothing is the program's own where there is none between the client and the CLI. */
export interface Cost {
  cpu: ProcessorTime;
  peak: Peak;
}

export interface Peer {
  readonly name: PeerName;
  /** What runs, in words. */
  readonly title: string;
  /** What serves so many clients at once. */
  serving(clients: number): Service;
}

export interface Service {
  converse(api: Api, signal: AbortSignal): Conversation;
  /** Measures from now on. */
  meter(): { stop(): Cost };
  /** Resolves when it does nothing any more, and where told so, keeps nothing either. */
  settled(state: "calm" | "empty"): Promise<void>;
}

export interface Peers extends AsyncDisposable {
  readonly all: readonly Peer[];
  readonly claude: string;
  traffic(): Promise<Traffic>;
  warnings(): string;
}

const claudeMax = { name: "claude-max-api-proxy", version: "1.0.0" };
/** What keeps a conversation for long would be in the way of what is measured next. */
const sluiceOptions = "--idle-ttl 5s --park-ttl 8s --log-level warn".split(" ");
/**
 * A quarter of the processes may be spares. One client at a time is served with a single one, so that nothing goes on
 * beside what is measured; many at once as they are on a machine with memory for it.
 */
const processes = { one: 7, many: 40 };

/** Installs what is absent, and starts the wanted ones and their upstream. `folder` takes the files that they write. */
export async function startPeers(
  wanted: ReadonlySet<string>,
  folder: string,
  interrupted: AbortSignal,
): Promise<Peers> {
  await using starting = new AsyncDisposableStack();
  const upstream = starting.use(await startUpstream());
  const environment = (name: string) => {
    const path = `${join(realClaude, "..")}:${process.env["PATH"]}`;
    return cleanEnvironment({ home: join(folder, name), baseUrl: upstream.url, path });
  };
  const running: StartedProgram[] = [];
  const start = async (name: PeerName, title: string, command: string[], port: number, headers = {}) => {
    const env = environment(name);
    const program = await startProgram(name, title, command, port, { env, headers, cwd: env["HOME"] ?? folder });
    running.push(starting.use(program));
    return program;
  };
  const { command, sluice } = chooseSluice();

  const starters: Record<PeerName, () => Promise<Peer>> = {
    bare: async () => barePeer(environment("bare")),
    "claude-max": async () => {
      await installPackage(claudeMax);
      const port = freePort();
      const main = join(packageFolder(claudeMax), "dist/server/standalone.js");
      const title = `${claudeMax.name} ${claudeMax.version}, run by node`;
      return httpPeer(await start("claude-max", title, ["node", main, String(port)], port), "sonnet");
    },
    sluice: async () => {
      const startOne = async (most: number) => {
        const port = freePort();
        const options = ["--port", String(port), "--claude", realClaude, "--max-processes", String(most)];
        const program = await start("sluice", sluice, [...command, ...options, ...sluiceOptions], port);
        const settled: Service["settled"] = (state) =>
          poolSettled(program.url, state === "empty" ? { spares: 1, live: 0, parked: 0 } : {}, () =>
            interrupted.throwIfAborted(),
          );
        return { ...serviceOf(program, "sonnet"), settled };
      };
      const [one, many] = [await startOne(processes.one), await startOne(processes.many)];
      return { name: "sluice", title: sluice, serving: (clients) => (clients > 1 ? many : one) };
    },
    native: async () => {
      const port = freePort();
      const options = ["--port", String(port), "--mode", "native", "--upstream", upstream.url, "--log-level", "warn"];
      const program = await start("native", sluice, [...command, "serve", ...options], port);
      return httpPeer(program, "claude-sonnet-5-5");
    },
    portkey: async () => {
      await installPortkey();
      const port = freePort();
      const headers = {
        "x-portkey-provider": "anthropic",
        "x-portkey-custom-host": `${upstream.url}/v1`,
        authorization: "Bearer dummy",
      };
      const title = `@portkey-ai/gateway ${portkeyVersion}, run by bun`;
      const parts = [process.execPath, portkeyProgram, `--port=${port}`, "--headless"];
      return httpPeer(await start("portkey", title, parts, port, headers), "claude-sonnet-5-5");
    },
  };
  const all: Peer[] = [];
  for (const name of peerNames.filter((one) => wanted.has(one))) all.push(await starters[name]());
  const claude = (await Bun.$`${realClaude} --version`.env(environment("bare")).text()).trim();
  const started = starting.move();
  return {
    all,
    claude,
    traffic: upstream.traffic,
    warnings: () =>
      running
        .filter(({ name }) => name === "sluice" || name === "native")
        .map((program) => program.warnings())
        .join("\n")
        .trim(),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

function httpPeer(program: StartedProgram<PeerName>, model: string): Peer {
  const service = serviceOf(program, model);
  return { name: program.name, title: program.title, serving: () => service };
}

function serviceOf({ pid, url, headers }: StartedProgram, model: string): Service {
  return {
    converse: (api, signal) => converse({ url, model, headers }, api, signal),
    meter: () => {
      const before = processorTime(pid);
      const memory = watchMemory(() => [pid]);
      return {
        stop: () => {
          const after = processorTime(pid);
          return { cpu: { own: after.own - before.own, all: after.all - before.all }, peak: memory.stop() };
        },
      };
    },
    settled: async () => {},
  };
}

function barePeer(env: Record<string, string>): Peer {
  const pids = new Set<number>();
  let seconds = 0;
  const options = {
    cwd: env["HOME"] ?? "",
    env,
    began: (pid: number) => void pids.add(pid),
    ended: (pid: number, taken: number) => {
      pids.delete(pid);
      seconds += taken;
    },
  };
  const service: Service = {
    converse: (api, signal) => {
      if (api !== "chat") throw new Unable("it speaks no API");
      return converseBare(options, signal);
    },
    meter: () => {
      seconds = 0;
      const memory = watchMemory(() => [...pids]);
      return {
        stop: () => ({ cpu: { own: 0, all: seconds }, peak: { ...memory.stop(), own: 0 } }),
      };
    },
    settled: async () => {},
  };
  return { name: "bare", title: peerTitles.bare, serving: () => service };
}

interface Upstream extends AsyncDisposable {
  readonly url: string;
  traffic(): Promise<Traffic>;
}

async function startUpstream(): Promise<Upstream> {
  let told = Promise.withResolvers<unknown>();
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "upstream.ts")], {
    stdio: ["ignore", "ignore", "inherit"],
    ipc: (message) => told.resolve(message),
    onExit: (_, code) => told.reject(new Error(`The upstream has ended with ${code}`)),
  });
  const url = (await told.promise) as string;
  return {
    url,
    traffic: async () => {
      told = Promise.withResolvers();
      child.send("traffic");
      return (await told.promise) as Traffic;
    },
    [Symbol.asyncDispose]: async () => {
      told.promise.catch(() => {});
      child.kill();
      await child.exited;
    },
  };
}
