/** What is left of a subscription, as the real CLI tells it: on every answer, in /health, and where it is used up. */

import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { eventually } from "../support/environment.ts";
import { failureOf } from "../support/failure.ts";
import { error, text } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const prefix = "anthropic-ratelimit-unified-";
const hello = [{ role: "user" as const, content: "Hello" }];
/** A login, of which the CLI tells the limits; the mock takes any token. */
const login = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "dummy" };

const now = Math.floor(Date.now() / 1000);
const soon = now + 9_000;
const later = now + 400_000;

/** Headers of the upstream, by the ends of their names. */
function limits(named: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(named).map(([name, value]) => [prefix + name, String(value)]));
}

const windows = (status: string, utilization: number) => ({
  "5h-status": status,
  "5h-utilization": utilization,
  "5h-reset": soon,
  "7d-status": "allowed",
  "7d-utilization": 0.1,
  "7d-reset": later,
});
const allowed = limits({
  status: "allowed",
  reset: soon,
  "representative-claim": "five_hour",
  ...windows("allowed", 0.42),
  "overage-status": "rejected",
  "overage-disabled-reason": "org_level_disabled",
});
const warning = limits({
  status: "allowed_warning",
  reset: soon,
  "representative-claim": "five_hour",
  ...windows("allowed_warning", 0.93),
  "5h-surpassed-threshold": 0.9,
});
const rejected = limits({
  status: "rejected",
  reset: soon,
  "representative-claim": "five_hour",
  ...windows("rejected", 1),
  "5h-surpassed-threshold": 1,
});
const usedUp = error(429, "rate_limit_error", "This would exceed your account's rate limit.", rejected);

/** The limits that an answer tells of. */
function limitsIn(headers: Headers | undefined): Record<string, string> {
  return Object.fromEntries([...(headers ?? [])].filter(([name]) => name.startsWith("anthropic-ratelimit-")));
}

type Report = Record<string, unknown> & { age_seconds: number };

async function reported({ url }: TestSluice): Promise<Report | null> {
  const health = (await (await fetch(`${url}/health`)).json()) as { detail: { rate_limits: Report | null } };
  return health.detail.rate_limits;
}

/** Asks once, and waits until the CLI has told what the upstream said beside its answer. */
async function learn(sluice: TestSluice, headers: Record<string, string>, status: string): Promise<void> {
  sluice.mock.respond(() => text("Hello.", { headers }));
  await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 10, messages: hello });
  await eventually(async () => (await reported(sluice))?.["status"] === status);
}

const bodies = {
  "/v1/messages": { model: "sonnet", max_tokens: 10, messages: hello },
  "/v1/chat/completions": { model: "sonnet", messages: hello },
  "/v1/responses": { model: "sonnet", input: "Hello" },
};

test("nothing is told where nothing is known: of an API key the CLI tells no limits, and it makes none up", async () => {
  for (const env of [{}, login]) {
    await using sluice = await startSluice({ env });
    sluice.mock.respond(() => text("Hello.", { headers: env === login ? {} : allowed }));
    for (let n = 0; n < 2; n++) {
      const reply = await sluice.post("/v1/messages", bodies["/v1/messages"]);
      expect(reply.status).toBe(200);
      expect(limitsIn(reply.headers)).toEqual({});
      await sluice.quiet();
    }
    expect(await reported(sluice)).toBeNull();
  }
});

test("what the upstream says is on every answer that follows, and in /health with its age", async () => {
  await using sluice = await startSluice({ env: login });
  for (const [headers, status] of [
    [allowed, "allowed"],
    [warning, "allowed_warning"],
  ] as const) {
    await learn(sluice, headers, status);
    for (const [path, body] of Object.entries(bodies)) {
      for (const stream of [false, true]) {
        const reply = await sluice.post(path, { ...body, stream });
        expect(reply.status).toBe(200);
        expect(limitsIn(reply.headers)).toEqual(headers);
        await reply.text();
      }
    }
    const { age_seconds, ...report } = (await reported(sluice)) ?? {};
    expect(age_seconds).toBeWithin(0, 600);
    expect(report).toMatchObject({ status, reset: soon, "7d": { utilization: 0.1, reset: later, status: "allowed" } });
  }
});

describe("a limit that is used up", () => {
  test("is a 429 that says until when, which no SDK tries again", async () => {
    await using sluice = await startSluice({ env: login });
    sluice.mock.respond(() => usedUp);
    const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 2 });
    const openai = new OpenAI({ baseURL: `${sluice.url}/v1`, apiKey: "any", maxRetries: 2 });
    const calls: [() => PromiseLike<unknown>, typeof Anthropic.RateLimitError | typeof OpenAI.RateLimitError][] = [
      [() => anthropic.messages.create(bodies["/v1/messages"]), Anthropic.RateLimitError],
      [() => anthropic.messages.stream(bodies["/v1/messages"]).finalMessage(), Anthropic.RateLimitError],
      [() => openai.chat.completions.create(bodies["/v1/chat/completions"]), OpenAI.RateLimitError],
      [() => openai.chat.completions.stream(bodies["/v1/chat/completions"]).done(), OpenAI.RateLimitError],
      [() => openai.responses.create(bodies["/v1/responses"]), OpenAI.RateLimitError],
      [() => openai.responses.create({ ...bodies["/v1/responses"], stream: true }), OpenAI.RateLimitError],
    ];
    for (const [index, [call, RateLimitError]] of calls.entries()) {
      const failure = await failureOf(call());
      expect(failure).toBeInstanceOf(RateLimitError);
      const { headers, message } = failure as InstanceType<typeof RateLimitError>;
      expect(message).toContain("5-hour limit");
      expect(limitsIn(headers)).toEqual(rejected);
      expect(headers?.get("retry-after")).toMatch(/^\d+$/);
      expect(Number(headers?.get("retry-after"))).toBeWithin(8_000, 9_001);
      expect(headers?.get("x-should-retry")).toBe("false");
      expect(sluice.mock.requests).toHaveLength(index + 1);
    }
    expect(await reported(sluice)).toMatchObject({ status: "rejected", "5h": { utilization: 1 } });
  });

  test("but for a moment is tried again when it is over", async () => {
    await using sluice = await startSluice({ env: login });
    const soonOver = { ...rejected, [`${prefix}reset`]: String(Math.floor(Date.now() / 1000) + 2) };
    sluice.mock.respond((_, __, n) => (n === 1 ? { ...usedUp, headers: soonOver } : text("Again.")));
    const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 1 });
    const { content } = await anthropic.messages.create(bodies["/v1/messages"]);
    expect<unknown>(content).toEqual([{ type: "text", text: "Again." }]);
  });

  test("without an end is not tried again, and no end is made up", async () => {
    await using sluice = await startSluice({ env: login });
    const noCredit = limits({
      status: "rejected",
      "overage-status": "rejected",
      "overage-disabled-reason": "out_of_credits",
    });
    sluice.mock.respond(() => ({ ...usedUp, headers: noCredit }));
    const reply = await sluice.post("/v1/messages", bodies["/v1/messages"]);
    expect(reply.status).toBe(429);
    expect(limitsIn(reply.headers)).toEqual(noCredit);
    expect([reply.headers.get("retry-after"), reply.headers.get("x-should-retry")]).toEqual([null, "false"]);
  });

  test("is none where the upstream only has too much to do, whatever status the CLI makes up for that", async () => {
    await using sluice = await startSluice({ env: login });
    await learn(sluice, allowed, "allowed");
    sluice.mock.respond(() => error(429, "rate_limit_error", "Slow down."));
    const reply = await sluice.post("/v1/messages", bodies["/v1/messages"]);
    expect(reply.status).toBe(429);
    expect(limitsIn(reply.headers)).toEqual(allowed);
    expect([reply.headers.get("retry-after"), reply.headers.get("x-should-retry")]).toEqual(["5", null]);
    expect(await reported(sluice)).toMatchObject({ status: "allowed" });
  });
});
