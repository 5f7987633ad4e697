/** What a client is told to do about a failure (api-dialects section 6), and that the SDKs do it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { temporaryFolder } from "../support/environment.ts";
import { exit, fakeClaude, hang, stderr } from "../support/fake-claude.ts";
import { failureOf } from "../support/failure.ts";
import { error, midStreamError, text, toolUse } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const hello = [{ role: "user" as const, content: "Hello" }];
const bodies = {
  "/v1/messages": { model: "sonnet", max_tokens: 10, messages: hello },
  "/v1/chat/completions": { model: "sonnet", messages: hello },
  "/v1/responses": { model: "sonnet", input: "Hello" },
};

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice({ args: ["--spares", "1"] });
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

/** The SDKs' calls with retries allowed, each with the class of the error that it should end in. */
function calls(anthropicError: unknown, openaiError: unknown): [() => PromiseLike<unknown>, unknown][] {
  const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 2 });
  const openai = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: "any", maxRetries: 2 });
  return [
    [() => anthropic.messages.create(bodies["/v1/messages"]), anthropicError],
    [() => openai.chat.completions.create(bodies["/v1/chat/completions"]), openaiError],
    [() => openai.responses.create({ ...bodies["/v1/responses"], stream: true }), openaiError],
  ];
}

describe("what no retry can help is told as such, and no SDK tries again", () => {
  test.each([
    // How often the CLI itself asks: without a beta where it does not know why, and with a fresh login.
    [400, "invalid_request_error", 2, Anthropic.BadRequestError, OpenAI.BadRequestError],
    [401, "authentication_error", 3, Anthropic.AuthenticationError, OpenAI.AuthenticationError],
    [402, "billing_error", 1, Anthropic.PaymentRequiredError, OpenAI.APIError],
    [403, "permission_error", 1, Anthropic.PermissionDeniedError, OpenAI.PermissionDeniedError],
    [404, "not_found_error", 2, Anthropic.NotFoundError, OpenAI.NotFoundError],
    [413, "request_too_large", 1, Anthropic.ContentTooLargeError, OpenAI.APIError],
  ])("%p", async (status, type, asked, anthropicError, openaiError) => {
    sluice.mock.respond(() => error(status, type, "so said the upstream"));
    for (const [call, RightError] of calls(anthropicError, openaiError)) {
      const before = sluice.mock.requests.length;
      const failure = (await failureOf(call())) as InstanceType<typeof Anthropic.APIError>;
      expect(failure).toBeInstanceOf(RightError as typeof Anthropic.APIError);
      expect(failure.status).toBe(status);
      expect(failure.headers?.get("x-should-retry")).toBe("false");
      expect(failure.headers?.get("retry-after")).toBeNull();
      expect(sluice.mock.requests.length - before).toBe(asked);
    }
  });

  test.each([
    [429, "rate_limit_error", { "x-should-retry": "false" }],
    [429, "rate_limit_error", { "retry-after": "3600" }],
    [529, "overloaded_error", { "x-should-retry": "false" }],
    [500, "api_error", { "x-should-retry": "false" }],
  ])("%p %s %j, after which the CLI does not ask again either", async (status, type, headers) => {
    sluice.mock.respond(() => error(status, type, "so said the upstream", headers));
    const [RateLimited, Unavailable] = [Anthropic.RateLimitError, Anthropic.InternalServerError];
    const [openaiLimited, openaiUnavailable] = [OpenAI.RateLimitError, OpenAI.InternalServerError];
    for (const [call, RightError] of calls(
      status === 429 ? RateLimited : Unavailable,
      status === 429 ? openaiLimited : openaiUnavailable,
    )) {
      const before = sluice.mock.requests.length;
      const failure = (await failureOf(call())) as InstanceType<typeof Anthropic.APIError>;
      expect(failure).toBeInstanceOf(RightError as typeof Anthropic.APIError);
      expect(failure.headers?.get("x-should-retry")).toBe("false");
      expect(sluice.mock.requests.length - before).toBe(1);
    }
  });
});

describe("trouble that passes", () => {
  test.each([
    [429, "rate_limit_error", 429, 429],
    [529, "overloaded_error", 529, 503],
    [503, "api_error", 503, 503],
    [500, "api_error", 500, 500],
    [504, "timeout_error", 504, 504],
  ])("%p is told with the time after which to try again", async (status, type, anthropicStatus, openaiStatus) => {
    sluice.mock.respond(() => error(status, type, "so said the upstream"));
    const answers = await Promise.all(Object.entries(bodies).map(([path, body]) => sluice.post(path, body)));
    expect(answers.map((reply) => reply.status)).toEqual([anthropicStatus, openaiStatus, openaiStatus]);
    for (const { headers } of answers)
      expect([headers.get("retry-after"), headers.get("x-should-retry")]).toEqual(["5", null]);
  });

  test.each([
    ["an error upstream", error(529, "overloaded_error", "Overloaded")],
    ["an answer that broke off", midStreamError("overloaded_error", "Overloaded")],
  ])("%s: the SDK tries again, and has its answer", async (_, trouble) => {
    const before = sluice.mock.requests.length;
    const troubles = trouble.kind === "error" ? 3 : 1;
    sluice.mock.respond((_, __, n) => (n - before <= troubles ? trouble : text("At last.")));
    const openai = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: "any", maxRetries: 1 });
    const { choices } = await openai.chat.completions.create(bodies["/v1/chat/completions"]);
    expect(choices[0]?.message.content).toBe("At last.");
    expect(sluice.mock.requests.length - before).toBe(troubles + 1);
  });
});

test("an agent that has done something is not sent again, whatever the trouble", async () => {
  await using folder = await temporaryFolder();
  await using agent = await startSluice({ args: ["--agent", "--cwd", folder.path, "--allowed-tools", "Bash"] });
  const body = { ...bodies["/v1/messages"], model: "agent/sonnet" };
  const overloaded = error(529, "overloaded_error", "Overloaded");
  agent.mock.respond(() => overloaded);
  expect((await agent.post("/v1/messages", body)).headers.get("x-should-retry")).toBeNull();

  const asked = agent.mock.requests.length;
  const append = { name: "Bash", input: { command: "echo once >> made.txt", description: "d" } };
  agent.mock.respond((_, __, n) => (n === asked + 1 ? toolUse([append]) : overloaded));
  const anthropic = new Anthropic({ baseURL: agent.url, apiKey: "any", maxRetries: 2 });
  const failure = (await failureOf(anthropic.messages.create(body))) as InstanceType<typeof Anthropic.APIError>;
  expect([failure.status, failure.headers?.get("x-should-retry")]).toEqual([529, "false"]);
  expect(await Bun.file(join(folder.path, "made.txt")).text()).toBe("once\n");
});

test("a CLI that dies at its start is no trouble that passes", async () => {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude({ startup: [stderr("no such instruction\n"), exit(3)] }, folder.path);
  await using broken = await startSluice({ claude });
  for (const [path, body] of Object.entries(bodies)) {
    const reply = await broken.post(path, body);
    expect([reply.status, reply.headers.get("x-should-retry")]).toEqual([500, "false"]);
    expect(await reply.text()).toContain("no such instruction");
  }
});

test("a CLI that somebody kills at its start may be tried again", async () => {
  await using folder = await temporaryFolder();
  await using hanging = await startSluice({ claude: await fakeClaude({ startup: [hang] }, folder.path) });
  const asked = hanging.post("/v1/messages", bodies["/v1/messages"]);
  const killed = new Set<number>();
  // Each one that takes its place, too.
  const killing = setInterval(() => {
    for (const { pid } of hanging.processes().filter((one) => !killed.has(one.pid))) {
      killed.add(pid);
      process.kill(pid, "SIGKILL");
    }
  }, 50);
  const reply = await asked.finally(() => clearInterval(killing));
  expect(killed.size).toBeGreaterThan(1);
  expect([reply.status, reply.headers.get("x-should-retry")]).toEqual([502, null]);
});
