/** What becomes of a request that Claude Code refuses: nothing leaves, unless the user has asked for native mode then. */

import { describe, expect, test } from "bun:test";
import { failureOf } from "../support/failure.ts";
import { cut, error, midStreamError, type Reply, startMock, text } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";

const model = "claude-sonnet-5";
const hello = { model, max_tokens: 50, messages: [{ role: "user" as const, content: "Hello" }] };

/** What a login without a key is refused with. */
const limit: Reply = error(429, "rate_limit_error", "You've hit your limit", {
  "anthropic-ratelimit-unified-status": "rejected",
  "anthropic-ratelimit-unified-representative-claim": "five_hour",
  "anthropic-ratelimit-unified-reset": String(Math.floor(Date.now() / 1000) + 7200),
  "x-should-retry": "false",
});

/** A login, whose limits the CLI tells; Sluice's own key for the fallback is another one. */
const login = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-dummy" };
const nobody = { ANTHROPIC_API_KEY: undefined };

/** A Sluice whose Claude Code asks one upstream, and its native mode another. */
async function startBoth(env: Record<string, string | undefined>, ...args: string[]) {
  const native = await startMock({ handler: () => text("Natively") });
  const sluice = await startSluice({ args, env: { SLUICE_UPSTREAM: native.url, SLUICE_API_KEY: "paid", ...env } });
  return {
    native,
    sluice,
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await native.stop();
    },
  };
}

const refusals: [string, Record<string, string | undefined>, Reply, number][] = [
  ["a used-up limit", login, limit, 429],
  ["no login", nobody, text("Never"), 401],
];

describe.each(refusals)("%s", (_, env, reply, status) => {
  test("without the option is the client's to hear, and nothing leaves", async () => {
    await using both = await startBoth(env);
    both.sluice.mock.respond(() => reply);
    const failures = [
      await failureOf(both.sluice.anthropic.messages.create(hello)),
      await failureOf(both.sluice.anthropic.messages.stream(hello).finalMessage()),
      await failureOf(both.sluice.openai.chat.completions.create({ model, messages: hello.messages })),
      await failureOf(both.sluice.openai.responses.create({ model, input: "Hello" })),
    ];
    expect(failures).toMatchObject(failures.map(() => ({ status })));
    expect([both.native.requests, both.native.strays]).toEqual([[], []]);
  });

  test("with the option is served natively, and says so", async () => {
    await using both = await startBoth(env, "--fallback", "native");
    both.sluice.mock.respond(() => reply);
    const { data, response } = await both.sluice.anthropic.messages.create(hello).withResponse();
    expect<unknown>(data.content).toEqual([{ type: "text", text: "Natively" }]);
    expect(response.headers.get("x-sluice-way")).toBe("native");
    const chat = await both.sluice.openai.chat.completions.create({ model, messages: hello.messages });
    expect(chat.choices[0]?.message.content).toBe("Natively");
    const streamed = await both.sluice.anthropic.messages.stream(hello).finalMessage();
    expect<unknown>(streamed.content).toEqual([{ type: "text", text: "Natively" }]);
    expect(both.native.requests.map(({ headers }) => headers.get("x-api-key"))).toEqual(["paid", "paid", "paid"]);
    expect(both.sluice.logged.filter((line) => /"msg":"POST .*"way":"native"/.test(line))).toHaveLength(3);
    expect(both.sluice.logged.join()).toContain("served natively");
  });
});

test("what the CLI refuses for another reason, or once it has begun, is not asked twice", async () => {
  await using both = await startBoth({}, "--fallback", "native");
  const replies = [
    error(429, "rate_limit_error", "Slow down", { "retry-after": "1" }),
    error(400, "invalid_request_error", "No"),
    error(529, "overloaded_error", "Busy", { "x-should-retry": "false" }),
    cut(6),
    midStreamError("authentication_error", "The key was taken back"),
  ];
  for (const reply of replies) {
    both.sluice.mock.respond(() => reply);
    expect(await failureOf(both.sluice.anthropic.messages.stream(hello).finalMessage())).toBeInstanceOf(Error);
  }
  both.sluice.mock.respond(() => text("Fine"));
  const { response } = await both.sluice.anthropic.messages.create(hello).withResponse();
  expect(response.headers.get("x-sluice-way")).not.toBe("native");
  expect(both.native.requests).toEqual([]);
});
