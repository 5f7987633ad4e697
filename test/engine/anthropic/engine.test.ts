import { expect, test } from "bun:test";
import { loadConfig } from "../../../src/config.ts";
import { openNative } from "../../../src/engine/anthropic/engine.ts";
import { formatSse } from "../../../src/wire/sse.ts";
import { eventsOf, messageOf, text } from "../../support/mock-replies.ts";
import { cleanEnvironment, temporaryFolder } from "../../support/environment.ts";
import { caller } from "../../support/caller.ts";

test("an answer that is aborted between two reads is let go without a failure: nobody is there to hear of it", async () => {
  await using home = await temporaryFolder();
  const [start] = eventsOf(messageOf(text("Hello"), "msg_1", "claude-sonnet-5"), 2);
  const body = new ReadableStream<string>({
    start: (controller) => controller.enqueue(formatSse({ event: "message_start", data: JSON.stringify(start) })),
  });
  await using server = Bun.serve({
    port: 0,
    fetch: () => new Response(body),
  });
  const env = cleanEnvironment({ home: home.path, baseUrl: server.url.origin });
  const engine = openNative(loadConfig(["--mode", "native"], { env }).config);
  const client = new AbortController();
  const request = { model: "claude-sonnet-5", max_tokens: 10, system: [], messages: [] };
  const events = engine.run(request, caller(client.signal))[Symbol.asyncIterator]();
  expect((await events.next()).value).toMatchObject([{ type: "message_start" }]);
  client.abort();
  expect(await events.return?.()).toEqual({ done: true, value: undefined });
  await engine.close();
});
