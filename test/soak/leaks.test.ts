/** What a process can tell only of itself: that no timer, signal or stream is kept by what is over. */

import { expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { fakeClaude } from "../support/fake-claude.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { text, toolUse } from "../support/mock-anthropic.ts";
import { dialects } from "../golden/answers.ts";
import { startSluice } from "../support/sluice.ts";
import { Client } from "./client.ts";
import { claudeScript, type FaultName, faults, reply } from "./faults.ts";

/** What requests make, by the names that the heap knows them by. */
const kinds = ["Timeout", "AbortSignal", "AbortController", "ReadableStream", "Response", "Request", "Subprocess"];

test("no timer, signal, stream or process is kept by requests that are over", async () => {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude(claudeScript, folder.path);
  const args = ["--idle-ttl", "500ms"];
  await using sluice = await startSluice({ claude, args });
  sluice.mock.respond((body) => reply(body, 0.01));
  const clients = dialects.map((dialect, id) => new Client(id, dialect, sluice.url, 0.1));
  const wrong: unknown[] = [];
  const round = async (names: readonly (FaultName | undefined)[]) => {
    const asked = clients.map(async (client) => {
      for (const fault of names) {
        const outcome = await client.ask(fault);
        if (outcome.wrong !== undefined) wrong.push(outcome.wrong);
      }
    });
    await Promise.all(asked);
    await sluice.quiet();
    await eventually(() => sluice.processes().length === 1);
  };
  // Those that take long are no others to the timers than those that do not.
  const quick = (Object.keys(faults) as FaultName[]).filter((name) => !("slow" in faults[name]));

  await round([undefined, ...quick]);
  const before = kept();
  await round([...quick, undefined, ...quick]);
  const after = kept();
  expect(wrong).toEqual([]);
  // A kind that the heap has another name for by now would never be found.
  expect(kinds.filter((kind) => before[kind] === undefined)).toEqual([]);
  const more = kinds.filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0) + 2);
  expect(more.map((kind) => `${kind}: ${before[kind]} → ${after[kind]}`)).toEqual([]);
});

test.each([
  ["live", text("Yes.")],
  ["parked", toolUse([{ name: "look", input: {}, id: "toolu_1" }])],
])("what was said is not kept with the conversations that are: %s", async (state, answered) => {
  await using sluice = await startSluice();
  sluice.mock.respond(() => answered);
  const megabytes = 4;
  const tools = [{ name: "look", input_schema: { type: "object" } }];
  const ask = async (length: number) => {
    const messages = [{ role: "user", content: "x".repeat(length) }];
    const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 100, messages, tools });
    expect(reply.status).toBe(200);
    await reply.text();
    await sluice.quiet();
    // The mock keeps all that it was sent.
    sluice.mock.forget();
  };
  await ask(1);
  const before = heapSize();
  for (let n = 0; n < 3; n++) await ask(megabytes * 1e6 + n);
  const { detail } = (await (await fetch(`${sluice.url}/health`)).json()) as { detail: object };
  expect(detail).toMatchObject({ [state]: 4 });
  await eventually(() => heapSize() - before < megabytes * 1e6);
});

function heapSize(): number {
  Bun.gc(true);
  return heapStats().heapSize;
}

function kept(): Record<string, number> {
  Bun.gc(true);
  Bun.gc(true);
  return heapStats().objectTypeCounts;
}
