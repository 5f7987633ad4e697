/** The executable that `bun build.ts` makes: it starts on its own, answers, and leaves nothing behind. */

import { beforeAll, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { buildBinary, startBinary } from "../support/binary.ts";
import { temporaryFolder } from "../support/environment.ts";
import { startMock, text } from "../support/mock-anthropic.ts";

beforeAll(buildBinary, 120_000);

test("it serves the real CLI's answer, and ends with everything it started", async () => {
  await using folder = await temporaryFolder();
  await using mock = await startMock();
  mock.respond(() => text("from the binary"));
  await using sluice = await startBinary(folder.path, mock);
  expect(sluice.output()).toContain("2.1.329");

  const client = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 0 });
  const request = { model: "sonnet", max_tokens: 10, messages: [{ role: "user" as const, content: "Hello" }] };
  const message = await client.messages.stream(request).finalMessage();
  expect(message.content[0]).toMatchObject({ type: "text", text: "from the binary" });

  expect(await sluice.stop()).toBe(0);
});
