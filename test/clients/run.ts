/**
 * `bun run test:clients [name…]`: real clients, at the versions of versions.json, each do a task of three tool calls
 * with the compiled Sluice, the real CLI and a mock upstream. One line a client; exits with 1 when one has failed.
 */

import { deepStrictEqual, match, strictEqual } from "node:assert";
import { join } from "node:path";
import { buildBinary } from "../support/binary.ts";
import { claudeCode } from "./claude-code.ts";
import type { Client } from "./client.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { continueCli } from "./continue.ts";
import { install } from "./install.ts";
import { openclaw } from "./openclaw.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";
import { aiSdk, anthropic, langchain, openai } from "./programs.ts";
import { openStage, type Stage } from "./stage.ts";
import { after, before, file, lead, resultsIn } from "./task.ts";
import versions from "./versions.json" with { type: "json" };

interface Outcome {
  failure?: unknown;
  calls: number;
  /** How long the client took (milliseconds). */
  ms: number;
  /** What Sluice has printed. */
  output: string;
}

type Name = keyof typeof versions;

const clients: Readonly<Record<Name, readonly Client[]>> = {
  codex: [codex],
  openclaw,
  opencode,
  "claude-code": [claudeCode],
  pi,
  continue: continueCli,
  cline: [cline],
  openai,
  anthropic,
  "ai-sdk": aiSdk,
  langchain,
};

async function attempt(name: Name, client: Client): Promise<Outcome> {
  let started = performance.now();
  const outcome = (rest: Partial<Outcome>) => ({ calls: 0, output: "", ...rest, ms: performance.now() - started });
  try {
    const bin = await install(versions[name]);
    await using stage = await openStage(bin);
    started = performance.now();
    stage.mock.respond(lead(client.steps));
    try {
      await client.perform(stage);
      return outcome({ calls: await check(stage, client) });
    } catch (failure) {
      return outcome({ failure, output: stage.output() });
    }
  } catch (failure) {
    return outcome({ failure });
  }
}

/** Throws unless the file is as it should be, and the upstream knows it. Returns the number of calls. */
async function check({ mock, work, strays }: Stage, { hosts = [] }: Client): Promise<number> {
  strictEqual((await Bun.file(join(work, file)).text()).trimEnd(), after);
  const [longest = []] = mock.requests.map(({ body }) => resultsIn(body)).sort((a, b) => b.length - a.length);
  strictEqual(longest.length, 3, "not every result has come upstream");
  match(JSON.stringify(longest[1]), new RegExp(before), "what was read has not come upstream");
  const others = strays.filter((line) => !hosts.some((host) => line.startsWith(`CONNECT ${host}:`)));
  deepStrictEqual(others, [], "it has asked others than Sluice");
  return longest.length;
}

function line(name: Name, { api }: Client, { failure, calls, ms }: Outcome): string {
  const version = Object.entries(versions[name]).map(([one, number]) => `${one} ${number}`);
  const verdict = failure === undefined ? "passed" : "FAILED";
  return [verdict, version.join(", "), api, `${(ms / 1000).toFixed(1)} s`, `${calls} tool calls`].join("  ");
}

const asked = process.argv.slice(2);
const names = Object.keys(clients) as Name[];
const unknown = asked.find((name) => !names.some((one) => one === name));
if (unknown !== undefined) {
  console.error(`There is no client ${JSON.stringify(unknown)}. There are: ${names.join(", ")}.`);
  process.exit(2);
}

await buildBinary();
let failed = false;
for (const name of names.filter((one) => asked.length === 0 || asked.includes(one))) {
  for (const client of clients[name]) {
    const outcome = await attempt(name, client);
    console.log(line(name, client, outcome));
    if (outcome.failure === undefined) continue;
    failed = true;
    const reason = outcome.failure instanceof Error ? outcome.failure.message : outcome.failure;
    console.error(`${reason}\n\nSluice printed:\n${outcome.output}`);
  }
}
process.exitCode = failed ? 1 : 0;
