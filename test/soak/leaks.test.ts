/** What a process can tell only of itself: that no timer, signal or stream is kept by what is over. */

import { expect, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { fakeClaude } from "../support/fake-claude.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { text, toolUse } from "../support/mock-anthropic.ts";
import { dialects } from "../golden/answers.ts";
import { startSluice } from "../support/sluice.ts";
import { Client } from "./client.ts";
import { claudeScript, type Fault, type FaultName, faults, reply } from "./faults.ts";

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
  expect(wrong).toEqual([]);
  expect(grown(before)).toEqual([]);
});

test("nor in native mode, also where no upstream can be reached", async () => {
  const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  closed.stop(true);
  const nowhere = `http://127.0.0.1:${closed.port}`;
  await using sluice = await startSluice({ args: ["--mode", "native"] });
  await using lost = await startSluice({ args: ["--mode", "native", "--upstream", nowhere] });
  sluice.mock.respond((body) => reply(body, 0.01));
  const quick = (Object.keys(faults) as FaultName[]).filter((name) => {
    const { by, slow }: Fault = faults[name];
    return by !== "claude" && slow === undefined;
  });
  const wrong: unknown[] = [];
  const round = async (times: number) => {
    const clients = dialects.map((dialect, id) => new Client(id, dialect, sluice.url, 0.1));
    const unreached = clients.map(({ dialect }) => new Client(9, dialect, lost.url, 0.1));
    for (let time = 0; time < times; time++) {
      for (const fault of [undefined, ...quick]) {
        const outcomes = await Promise.all(clients.map((client) => client.ask(fault)));
        wrong.push(...outcomes.flatMap((outcome) => outcome.wrong ?? []));
      }
      const refused = await Promise.all(unreached.map((client) => client.ask(undefined)));
      expect(refused.map((outcome) => outcome.wrong)).toEqual(refused.map(() => expect.stringContaining("502")));
    }
    sluice.mock.forget();
  };
  const ours = kinds.filter((kind) => kind !== "Subprocess");
  await round(1);
  await Bun.sleep(500);
  const before = kept();
  await round(2);
  expect(wrong).toEqual([]);
  // Who has left is told of a moment later.
  await eventually(() => grown(before, ours).length === 0).catch(() => {});
  expect(grown(before, ours)).toEqual([]);
});

/** The kinds of which there are more than there were. */
function grown(before: Record<string, number>, of = kinds): string[] {
  const after = kept();
  // A kind that the heap has another name for by now would never be found.
  expect(of.filter((kind) => before[kind] === undefined)).toEqual([]);
  return of
    .filter((kind) => (after[kind] ?? 0) > (before[kind] ?? 0) + 2)
    .map((kind) => `${kind}: ${before[kind]} → ${after[kind]}`);
}

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
