/** A client that goes away takes everything with it that was started for it. */

import { describe, expect, test } from "bun:test";
import { eventually, isRunning } from "../support/environment.ts";
import { answer, fakeClaude, hang, journal, until, wait } from "../support/fake-claude.ts";
import { temporaryFolder } from "../support/environment.ts";
import { stall, text } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";

const body = (stream: boolean) => ({
  model: "sonnet",
  max_tokens: 10,
  stream,
  messages: [{ role: "user", content: "Hello" }],
});

describe.each([
  ["before the first event", 0],
  ["in the middle of the answer", 4],
])("gone %s", (_, afterEvents) => {
  test.each([true, false])("stream: %p", async (stream) => {
    await using sluice = await startSluice({ args: ["--spares", "1"] });
    sluice.mock.respond(() => stall(afterEvents));
    const client = new AbortController();
    const begun = Promise.withResolvers<void>();
    const reading = sluice
      .post("/v1/messages", body(stream), { signal: client.signal })
      .then(async ({ body }) => {
        for await (const _ of body ?? []) begun.resolve();
        return "ended";
      })
      .catch((reason: Error) => reason.name);
    const [request] = await sluice.mock.waitFor(1);
    if (afterEvents > 0 && stream) await begun.promise;
    client.abort();
    expect(await reading).toBe("AbortError");
    await sluice.quiet();
    await request?.closed;
    expect(request?.aborted).toBe(true);
    // The next one is served as if nothing had been.
    sluice.mock.respond(() => text("fine"));
    expect(await (await sluice.post("/v1/messages", body(false))).text()).toContain("fine");
  });
});

test("gone before the CLI is ready", async () => {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude({ startup: [hang] }, folder.path);
  await using sluice = await startSluice({ claude });
  const client = new AbortController();
  const reply = sluice
    .post("/v1/messages", body(true), { signal: client.signal })
    .catch((reason: Error) => reason.name);
  await eventually(() => sluice.processes().length > 0);
  client.abort();
  expect(await reply).toBe("AbortError");
});

test("gone before the CLI is ready, which then is no spare that anybody wants", async () => {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude({ startup: [wait(500)] }, folder.path);
  await using sluice = await startSluice({ claude, args: ["--spares", "0"] });
  const client = new AbortController();
  const reply = sluice
    .post("/v1/messages", body(true), { signal: client.signal })
    .catch((reason: Error) => reason.name);
  await eventually(() => sluice.processes().length > 0);
  client.abort();
  expect(await reply).toBe("AbortError");
  await eventually(() => sluice.processes().length === 0);
});

test("a CLI that ignores SIGTERM is killed all the same", async () => {
  await using folder = await temporaryFolder();
  const stuck = [...until("content_block_delta", answer(text("some words"))), hang];
  const claude = await fakeClaude({ turns: [stuck], ignoreSigterm: true }, folder.path);
  await using sluice = await startSluice({ claude });
  const client = new AbortController();
  const response = await sluice.post("/v1/messages", body(true), { signal: client.signal });
  await response.body?.getReader().read();
  const pid = (await journal(claude))[0]?.pid ?? 0;
  client.abort();
  await eventually(() => !isRunning(pid));
});

test("a server that stops ends what runs, with an error in the dialect's shape", async () => {
  const sluice = await startSluice({ args: ["--spares", "1"] });
  sluice.mock.respond(() => stall(5));
  const response = await sluice.post("/v1/messages", body(true));
  const read = response.text().catch(() => "");
  await sluice.mock.waitFor(1);
  await sluice.server.stop();
  await read;
  expect(sluice.processes()).toEqual([]);
  await sluice[Symbol.asyncDispose]();
});
