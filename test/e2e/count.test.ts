/** Counting tokens, through the real CLI: by the upstream where it counts, and never by a request that costs anything. */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { eventually, realClaude, temporaryFolder } from "../support/environment.ts";
import { error, type Handler, type RequestBody, text } from "../support/mock-anthropic.ts";
import { tokensIn, usageOf } from "../support/mock-tokens.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

type Params = Anthropic.MessageCountTokensParams;

/** Answers that cost what the body comes to. */
const costing: Handler = (body) => text("Nobody knows.", { usage: usageOf(body) });

const user = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "user", content });
const said = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "assistant", content });

const model = "sonnet";
/** What stands around the texts of a system prompt is not quite what stands around those of a message. */
const slack = 25;
const prose = "The committee will meet again on Thursday to discuss the budget, which nobody has read. ".repeat(30);
const hello: Params = { model, messages: [user("Hello")] };
const tool: Anthropic.Tool = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };
const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const picture = await new Bun.Image(Buffer.from(pixel, "base64")).resize(300, 400, { fit: "fill" }).png().buffer();

const requests: Record<string, Params> = {
  "a word": hello,
  "a system prompt and a conversation": {
    model,
    system: prose,
    messages: [user("In one word."), said("No."), user("In two."), said("Never, never."), user(prose)],
  },
  "a few tools": { ...hello, tools: [tool, { ...tool, name: "listen" }] },
  "many tools, one with a long description, one with Claude Code's name": {
    ...hello,
    tools: [
      { ...tool, description: prose.repeat(3) },
      ...["Bash", ..."abcdef"].map((name) => ({ ...tool, name, description: prose })),
    ],
  },
  "calls, results, thinking, an image and a document": {
    model,
    thinking: { type: "adaptive" },
    tools: [tool],
    messages: [
      user("Look."),
      said([
        { type: "thinking", thinking: "I had better look first.", signature: "c2ln" },
        { type: "tool_use", id: "toolu_1", name: "look", input: { where: "behind the curtain" } },
      ]),
      user([
        { type: "tool_result", tool_use_id: "toolu_1", content: [{ type: "text", text: prose }] },
        { type: "image", source: { type: "base64", media_type: "image/png", data: picture.toString("base64") } },
        { type: "document", source: { type: "text", media_type: "text/plain", data: prose }, title: "Minutes" },
        { type: "text", text: "What is it?" },
      ]),
    ],
  },
  "a model with budgets, which has its surroundings in the message": { ...hello, model: "claude-haiku-4-5" },
  "a conversation that is long enough to be resumed": {
    ...hello,
    messages: [
      ...Array(300)
        .fill([user("And?"), said("Nothing.")])
        .flat(),
      user("And?"),
    ],
  },
};

/** Counts, and makes sure that nothing else was asked of the upstream. */
async function count(
  sluice: TestSluice,
  params: Params,
): Promise<{ tokens: number; way: string | null; warning: string | null }> {
  const asked = sluice.mock.requests.length;
  const { data, response } = await sluice.anthropic.messages.countTokens(params).withResponse();
  expect(sluice.mock.requests.length).toBe(asked);
  expect(sluice.mock.strays.filter((stray) => stray !== "HEAD /")).toEqual([]);
  const { headers } = response;
  return { tokens: data.input_tokens, way: headers.get("x-sluice-way"), warning: headers.get("x-sluice-warning") };
}

/** What the request costs when it is asked. */
async function ask(sluice: TestSluice, params: Params): Promise<number> {
  const { usage } = await sluice.anthropic.messages.create({
    max_tokens: 2000,
    ...params,
  } as Anthropic.MessageCreateParamsNonStreaming);
  return usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
}

describe("where the upstream counts", () => {
  test.each(Object.entries(requests))("%s: just what it then costs", async (_, params) => {
    await using sluice = await startSluice();
    sluice.mock.respond(costing);
    const { tokens, ...how } = await count(sluice, params);
    expect(how).toEqual({ way: "counted", warning: null });
    expect(Math.abs(tokens - (await ask(sluice, params)))).toBeLessThan(slack);
  });

  test.each(["append", "embed"])("with --system-prompt %s", async (mode) => {
    await using sluice = await startSluice({ args: ["--system-prompt", mode] });
    sluice.mock.respond(costing);
    const params = { ...hello, system: prose, tools: [tool] };
    const { tokens, way } = await count(sluice, params);
    expect(way).toBe("counted");
    expect(Math.abs(tokens - (await ask(sluice, params)))).toBeLessThan(slack);
  });

  test("an agent: with Claude Code's own prompt and tools", async () => {
    await using sluice = await startSluice({ args: ["--agent"] });
    sluice.mock.respond(costing);
    const params = { ...hello, model: "agent/sonnet" };
    const { tokens, way } = await count(sluice, params);
    expect(way).toBe("counted");
    expect(tokens).toBeGreaterThan(5000);
    expect(tokens / (await ask(sluice, params))).toBeCloseTo(1, 1);
  });

  test("Responses: what is stored counts too", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(costing);
    const { responses } = sluice.openai;
    const first = await responses.create({ model, input: prose, instructions: "Be brief." });
    const asked: OpenAI.Responses.InputTokenCountParams = {
      model,
      previous_response_id: first.id,
      input: "Are you sure?",
      instructions: "Be brief.",
      tools: [{ type: "function", name: "look", parameters: { type: "object", properties: {} }, strict: false }],
      tool_choice: "auto",
      text: { verbosity: "medium" },
      reasoning: { effort: "low" },
    };
    const { data, response } = await responses.inputTokens.count(asked).withResponse();
    expect(data).toEqual({ object: "response.input_tokens", input_tokens: expect.any(Number) });
    expect(response.headers.get("x-sluice-way")).toBe("counted");
    expect(sluice.mock.requests.length).toBe(1);
    const second = await responses.create(asked as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    expect(Math.abs(data.input_tokens - (second.usage?.input_tokens ?? 0))).toBeLessThan(slack);
  });

  test("a longer conversation is more, by what it is longer", async () => {
    await using sluice = await startSluice();
    const { tokens } = await count(sluice, hello);
    const longer = await count(sluice, { ...hello, messages: [...hello.messages, said("Yes?"), user(prose)] });
    expect(longer.tokens - tokens).toBeGreaterThan(
      tokensIn({ messages: [user(prose) as RequestBody["messages"][0]] }) - 3,
    );
  });
});

describe("where it does not", () => {
  const unknown = () => error(404, "not_found_error", "Not found");

  test("whatever the reason: an estimate that says so, and nothing is paid for", async () => {
    await using sluice = await startSluice();
    for (const status of [404, 400, 429, 500, 501, 529]) {
      sluice.mock.count(() => error(status, "api_error", "No", { "x-should-retry": "false" }));
      const { way, warning } = await count(sluice, { ...hello, tools: [tool] });
      expect([status, way]).toEqual([status, "estimated"]);
      expect(warning).toBe("input_tokens estimated: the upstream did not count");
    }
  });

  test.each(Object.entries(requests))("%s: within a tenth of what it then costs", async (_, params) => {
    await using sluice = await startSluice();
    sluice.mock.respond(costing);
    sluice.mock.count(unknown);
    const { tokens, way } = await count(sluice, params);
    expect(way).toBe("estimated");
    expect(Math.abs(tokens / (await ask(sluice, params)) - 1)).toBeLessThan(0.1);
  });

  test("a conversation that was answered before: only what is new is estimated", async () => {
    await using sluice = await startSluice();
    // An upstream whose tokens are smaller than anybody would think.
    sluice.mock.respond((body) => text("Nobody knows.", { usage: { ...usageOf(body), input_tokens: tokensIn(body) } }));
    sluice.mock.count(unknown);
    const first = { ...hello, system: prose, messages: [user(prose)] };
    const cost = await ask(sluice, first);
    expect((await count(sluice, first)).tokens).toBe(cost);
    const next = { ...first, messages: [...first.messages, said("Nobody knows."), user("Then ask somebody.")] };
    const { tokens, way } = await count(sluice, next);
    expect(way).toBe("estimated");
    expect(tokens).toBeGreaterThan(cost);
    expect(Math.abs(tokens / (await ask(sluice, next)) - 1)).toBeLessThan(0.02);
  });

  test("nor can it be known what Claude Code adds: an estimate that says so, and counted once it can", async () => {
    await using folder = await temporaryFolder();
    const claude = join(folder.path, "claude");
    const script = `#!/bin/sh\n[ -e '${folder.path}/mended' ] || case "$CLAUDE_CONFIG_DIR" in */probe) exit 3;; esac\n`;
    writeFileSync(claude, `${script}exec '${realClaude}' "$@"\n`, { mode: 0o755 });
    await using sluice = await startSluice({ claude });
    const { way, warning, tokens } = await count(sluice, hello);
    expect(way).toBe("estimated");
    expect(warning).toContain("input_tokens estimated: Claude Code ended with exit code 3");
    expect(tokens).toBeGreaterThan(0);
    writeFileSync(join(folder.path, "mended"), "");
    expect((await count(sluice, hello)).way).toBe("counted");
  });

  test("an upstream that is silent is not waited for", async () => {
    await using sluice = await startSluice({ args: ["--stall-timeout", "10s"] });
    sluice.mock.count(() => undefined);
    const { way, warning } = await count(sluice, hello);
    expect([way, warning]).toEqual(["estimated", "input_tokens estimated: the upstream did not count within 10 s"]);
    await sluice.quiet();
  });

  test.each(["messages", "tools"] as const)(
    "only the %s are not counted: no part of it is guessed in silence",
    async (part) => {
      await using sluice = await startSluice();
      sluice.mock.count((body) => {
        const hasPart = part === "tools" ? (body.tools ?? []).length > 0 : body.messages[0]?.content !== "foo";
        return hasPart ? error(400, "invalid_request_error", "Not this") : tokensIn(body);
      });
      expect((await count(sluice, { ...hello, tools: [tool] })).way).toBe("estimated");
    },
  );
});

describe("a conversation that is kept", () => {
  const turns = (...texts: string[]) => ({
    ...hello,
    messages: texts.map((words, index) => (index % 2 === 0 ? user(words) : said(words))),
  });

  async function wayOf(sluice: TestSluice, params: Params): Promise<string | null> {
    const reply = await sluice.post("/v1/messages", { max_tokens: 100, ...params });
    expect(reply.status).toBe(200);
    await reply.text();
    return reply.headers.get("x-sluice-way");
  }

  test("is hit by its next turn, whatever was counted meanwhile", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => text("One."));
    await wayOf(sluice, turns("Count."));
    expect((await count(sluice, turns("Count.", "One.", "Go on."))).way).toBe("counted");
    expect((await count(sluice, turns("Count."))).way).toBe("counted");
    expect(await wayOf(sluice, turns("Count.", "One.", "Go on."))).toBe("live");
  });

  test("makes way for no count, where there may be no other process", async () => {
    await using sluice = await startSluice({ args: ["--max-processes", "1"] });
    sluice.mock.respond(() => text("One."));
    expect((await count(sluice, turns("Count."))).way).toBe("counted");
    await wayOf(sluice, turns("Count."));
    const { way, warning } = await count(sluice, turns("Count.", "One.", "Go on."));
    expect([way, warning]).toEqual(["estimated", "input_tokens estimated: no Claude Code process was free"]);
    expect(await wayOf(sluice, turns("Count.", "One.", "Go on."))).toBe("live");
  });
});

test("a client that leaves ends what it started, and keeps nobody from counting", async () => {
  await using sluice = await startSluice();
  await count(sluice, hello);
  sluice.mock.count(() => undefined);
  const before = sluice.mock.counts.length;
  const leave = new AbortController();
  const left = [1, 2].map(() => sluice.anthropic.messages.countTokens(hello, { signal: leave.signal }).catch(String));
  await eventually(() => sluice.mock.counts.length > before);
  leave.abort();
  for (const reason of await Promise.all(left)) expect(reason).toContain("abort");
  await sluice.quiet();
  sluice.mock.count((body) => tokensIn(body));
  expect((await count(sluice, hello)).way).toBe("counted");
});

test("many at once are all counted", async () => {
  await using sluice = await startSluice();
  const asked = Array.from({ length: 5 }, (_, n) => ({ ...hello, messages: [user(prose.repeat(n + 1))] }));
  const counted = await Promise.all(asked.map((params) => count(sluice, params)));
  expect(counted.map(({ way }) => way)).toEqual(asked.map(() => "counted"));
  expect(counted.map(({ tokens }) => tokens)).toEqual(counted.map(({ tokens }) => tokens).sort((a, b) => a - b));
});

describe("what is refused, in the API's own words", () => {
  const refused = async (path: string, body: unknown, sluice: TestSluice) => {
    const reply = await sluice.post(path, body);
    return [reply.status, (await reply.json()) as object];
  };

  test("on both paths", async () => {
    await using sluice = await startSluice();
    const messages = "/v1/messages/count_tokens?beta=true";
    const invalid = { type: "error", error: { type: "invalid_request_error" } };
    expect(await refused(messages, { model }, sluice)).toEqual([400, expect.objectContaining({ type: "error" })]);
    expect(
      (await refused(messages, { ...hello, thinking: { type: "enabled", budget_tokens: 5 } }, sluice))[1],
    ).toMatchObject(invalid);
    expect(await refused(messages, { ...hello, model: "gpt-9" }, sluice)).toMatchObject([
      404,
      { error: { type: "not_found_error" } },
    ]);

    const inputTokens = "/v1/responses/input_tokens";
    const param = (name: string) => [400, { error: { type: "invalid_request_error", param: name } }];
    expect(await refused(inputTokens, { input: "Hello" }, sluice)).toMatchObject(param("model"));
    expect(await refused(inputTokens, { model }, sluice)).toMatchObject(param("input"));
    expect(
      await refused(inputTokens, { model, input: "Hello", previous_response_id: "resp_none" }, sluice),
    ).toMatchObject(param("previous_response_id"));
    expect((await fetch(`${sluice.url}${inputTokens}`)).status).toBe(405);
    expect(sluice.mock.requests).toBeEmpty();
  });
});
