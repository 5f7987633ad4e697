/** The upstream at fault, behind the built executable and the real CLI. What needs no binary is in real-cli.test.ts. */

import { beforeAll, expect, test } from "bun:test";
import { buildBinary, startBinary } from "../support/binary.ts";
import { temporaryFolder } from "../support/environment.ts";
import { error, startMock, text } from "../support/mock-anthropic.ts";

beforeAll(buildBinary, 120_000);

const request = (words: string) => ({
  model: "sonnet",
  max_tokens: 50,
  messages: [{ role: "user", content: words }],
});

test("a login that is taken back in mid-use is told with the way to mend it, and needs no restart once it is mended", async () => {
  await using folder = await temporaryFolder();
  await using mock = await startMock();
  const env = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "dummy" };
  await using sluice = await startBinary(folder.path, mock, { env });
  const ask = async (words: string) => {
    const reply = await sluice.post("/v1/messages", request(words));
    return { status: reply.status, advice: reply.headers.get("x-should-retry"), body: await reply.text() };
  };
  expect(await ask("one")).toMatchObject({ status: 200 });
  const revoked = "OAuth token has been revoked. Please obtain a new token or refresh your existing token.";
  for (const [status, type] of [
    [401, "authentication_error"],
    [403, "permission_error"],
  ] as const) {
    mock.respond(() => error(status, type, revoked));
    const told = await ask(`refused with ${status}`);
    expect([told.status, told.advice]).toEqual([401, "false"]);
    expect(JSON.parse(told.body)).toMatchObject({ error: { type: "authentication_error" } });
    expect(told.body).toContain("run `claude auth login`");
  }
  await sluice.logged({ level: "error", msg: "POST /v1/messages", error: "login_required" }, 2);
  mock.respond(() => text("Back again."));
  expect(await ask("two")).toMatchObject({ status: 200, body: expect.stringContaining("Back again.") });
  expect(await sluice.stop()).toBe(0);
});

test("an upstream that is slow, but never silent for --stall-timeout, is waited for", async () => {
  await using folder = await temporaryFolder();
  await using mock = await startMock();
  const words = "one two three four five six seven eight nine ten";
  mock.respond(() => text(words, { chunks: 10, delayMs: 600 }));
  await using sluice = await startBinary(folder.path, mock, { args: ["--stall-timeout", "6s"] });
  const began = performance.now();
  const reply = await sluice.post("/v1/messages", request("Hello"));
  expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining(words)]);
  expect(performance.now() - began).toBeGreaterThan(6000);
  expect(mock.requests).toHaveLength(1);
  expect(await sluice.stop()).toBe(0);
});
