/** A Sluice of a test's own, in this process, with the real CLI or a fake one behind it. */

import { randomUUID } from "node:crypto";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { concealer } from "../../src/conceal.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import type { RequestWatcher } from "../../src/observe/request.ts";
import { type RunningServer, startServer } from "../../src/server.ts";
import {
  cleanEnvironment,
  eventually,
  type ProcessInfo,
  processesWith,
  realClaude,
  temporaryFolder,
} from "./environment.ts";
import { type Mock, startMock } from "./mock-anthropic.ts";
import { expectNoSecrets } from "./secrets.ts";

export interface TestSluice extends AsyncDisposable {
  readonly server: RunningServer;
  readonly mock: Mock;
  readonly url: string;
  readonly anthropic: Anthropic;
  readonly openai: OpenAI;
  /** What was logged, a line an entry. */
  readonly logged: string[];
  /** Posts a JSON body, or text as it is. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  /** The processes of the CLI that run now. */
  processes(): ProcessInfo[];
  /** Resolves when every process of the CLI is a spare, or keeps a conversation. */
  quiet(): Promise<void>;
}

interface Health {
  detail: { processes: number; spares: number; live: number; parked: number };
}

export interface TestOptions {
  args?: string[];
  /** Changes of the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  claude?: string;
  watchers?: readonly RequestWatcher[];
}

/** A CLI that waits collects its garbage by a clock, which takes a sixth of the processors' time of these tests. */
const noIdleWork = { BUN_GC_TIMER_DISABLE: "1" };

/** Starts a mock upstream and a Sluice in front of it, which end with the scope: `await using sluice = …`. */
export async function startSluice(options: TestOptions = {}): Promise<TestSluice> {
  const { args = [], env = {}, claude = realClaude, watchers = [] } = options;
  const folder = await temporaryFolder();
  const mock = await startMock();
  const marker = randomUUID();
  const logged: string[] = [];
  /** What clients were told: headers, and what went wrong. */
  const told: string[] = [];
  const listen = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const response = await fetch(input, init);
    told.push(JSON.stringify([...response.headers]), response.ok ? "" : await response.clone().text());
    return response;
  };
  // A spare that nobody will claim takes the machine from the other tests for half a second: who needs one asks for it.
  const few = { SLUICE_MAX_PROCESSES: "7", ...(claude === realClaude && { SLUICE_SPARES: "0" }) };
  const basic = { ...cleanEnvironment({ home: folder.path, baseUrl: mock.url, marker }), ...noIdleWork, ...few };
  const passed = ["SLUICE_TEST", ...Object.keys(noIdleWork)].join();
  const { config } = loadConfig(["--port", "0", "--claude", claude, "--pass-env", passed, ...args], {
    env: { ...basic, ...env },
  });
  const log = createLog("debug", (line) => logged.push(line));
  log.configure({ ...config, logLevel: "debug" }, concealer(config));
  const server = await startServer(config, log, watchers);
  const key = config.clientKey ?? "any";
  const processes = () => processesWith(marker);
  return {
    server,
    mock,
    url: server.url,
    anthropic: new Anthropic({ baseURL: server.url, apiKey: key, maxRetries: 0, fetch: listen }),
    openai: new OpenAI({ baseURL: `${server.url}/v1`, apiKey: key, maxRetries: 0, fetch: listen }),
    logged,
    post: (path, body, init = {}) =>
      listen(server.url + path, {
        method: "POST",
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
        headers: { "content-type": "application/json", ...init.headers },
      }),
    processes,
    quiet: async () => {
      await eventually(async () => {
        const { detail } = (await (
          await fetch(`${server.url}/health`, { headers: { "x-api-key": key } })
        ).json()) as Health;
        const idle = detail.spares + detail.live + detail.parked;
        return detail.processes === idle && processes().length === idle;
      });
    },
    [Symbol.asyncDispose]: async () => {
      const commands = processes().map(({ command }) => command);
      await server.stop();
      if (processes().length > 0) throw new Error("Processes are left behind");
      await mock.stop();
      await folder[Symbol.asyncDispose]();
      expectNoSecrets(...logged, ...told, ...commands);
    },
  };
}
