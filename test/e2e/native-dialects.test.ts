/** Native mode behind the OpenAI APIs: what the upstream is asked, and what becomes of its answers. */

import { describe, expect, test } from "bun:test";
import { failureOf } from "../support/failure.ts";
import { blocks, cut, error, events, midStreamError, text, thinking, toolUse } from "../support/mock-anthropic.ts";
import { startRawUpstream } from "../support/raw-upstream.ts";
import { secrets } from "../support/secrets.ts";
import { startSluice } from "../support/sluice.ts";

const start = (...args: string[]) => startSluice({ args: ["--mode", "native", ...args] });
const ephemeral = { cache_control: { type: "ephemeral" } };
const weather = { type: "object", properties: { city: { type: "string" } } };
const tool = { type: "function" as const, function: { name: "get weather", parameters: weather } };
const model = "claude-sonnet-5";

describe("a growing conversation", () => {
  test("has its breakpoints where the next request reads its prefix from the cache", async () => {
    await using sluice = await start();
    const { mock, openai } = sluice;
    const messages: any[] = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "What is the weather in Paris?" },
    ];
    mock.respond((_, __, n) =>
      n < 3
        ? toolUse([{ name: String(mock.requests[0]?.body.tools?.[0]?.name), input: { city: "Paris" } }])
        : text("Fine."),
    );
    for (let turn = 0; turn < 3; turn++) {
      const { choices } = await openai.chat.completions.create({ model, messages, tools: [tool] });
      const said = choices[0]?.message;
      messages.push(said);
      for (const call of said?.tool_calls ?? []) {
        messages.push({ role: "tool", tool_call_id: call.id, content: "Sunny." });
      }
    }
    const bodies = mock.requests.map(({ body }) => body);
    for (const { tools, system, messages: sent } of bodies) {
      expect(tools?.at(-1)).toMatchObject(ephemeral);
      expect(system?.at(-1)).toEqual({ type: "text", text: "Be kind.", ...ephemeral });
      const marked = sent.flatMap(({ role, content }, index) =>
        typeof content !== "string" && content.some((block) => "cache_control" in block) ? [{ role, index }] : [],
      );
      // The end of this request, and that of the one before it.
      expect(marked).toEqual(
        [sent.length - 3, sent.length - 1].filter((index) => index >= 0).map((index) => ({ role: "user", index })),
      );
      expect(JSON.stringify({ tools, system, sent }).match(/cache_control/g)?.length).toBeLessThanOrEqual(4);
    }
    // Without the marks each one begins with all of the one before it.
    const plain = bodies.map(({ tools, system, messages: sent }) =>
      JSON.stringify([tools, system, sent], (key, value) => (key === "cache_control" ? undefined : value)).slice(0, -2),
    );
    expect(plain[1]).toStartWith(plain[0] ?? "");
    expect(plain[2]).toStartWith(plain[1] ?? "");
  });

  test("of the Responses API too, by its id", async () => {
    await using sluice = await start();
    const first = await sluice.openai.responses.create({ model, instructions: "Be kind.", input: "Hello" });
    const second = await sluice.openai.responses.create({ model, input: "And now?", previous_response_id: first.id });
    expect(second.output_text).toBe("You said: And now?");
    const [, body] = sluice.mock.requests.map((request) => request.body);
    expect(body?.messages).toEqual([
      { role: "user", content: [{ type: "text", text: "Hello", ...ephemeral }] },
      { role: "assistant", content: [{ type: "text", text: "You said: Hello" }] },
      { role: "user", content: [{ type: "text", text: "And now?", ...ephemeral }] },
    ]);
  });
});

describe("a request", () => {
  test("says nothing but what was asked for, in Sluice's own name", async () => {
    await using sluice = await start();
    await sluice.openai.chat.completions.create({
      model,
      max_completion_tokens: 77,
      temperature: 0.5,
      stop: ["END"],
      messages: [{ role: "user", content: "Hello" }],
      user: "someone",
    });
    const [seen] = sluice.mock.requests;
    expect<unknown>(seen?.body).toEqual({
      model,
      max_tokens: 77,
      temperature: 0.5,
      stop_sequences: ["END"],
      messages: [{ role: "user", content: [{ type: "text", text: "Hello", ...ephemeral }] }],
      stream: true,
    });
    const { host: _, "user-agent": agent, "content-length": __, ...headers } = Object.fromEntries(seen?.headers ?? []);
    expect(agent).toStartWith("sluice/");
    expect(headers).toEqual({
      accept: "*/*",
      "accept-encoding": "identity",
      "anthropic-version": "2023-06-01",
      connection: "keep-alive",
      "content-type": "application/json",
      "x-api-key": secrets.apiKey,
    });
  });

  test("thinks as the model knows it: within a budget, or as far as it sees fit", async () => {
    await using sluice = await start();
    const ask = (name: string) =>
      sluice.openai.chat.completions.create({
        model: name,
        reasoning_effort: "high",
        max_completion_tokens: 8000,
        messages: [{ role: "user", content: "Hello" }],
      });
    await ask("claude-sonnet-4-5");
    await ask(model);
    const [old, recent] = sluice.mock.requests.map(({ body }) => body);
    expect<unknown>([old?.["thinking"], old?.["output_config"]]).toEqual([
      { type: "enabled", budget_tokens: 4000, display: "summarized" },
      undefined,
    ]);
    expect<unknown>([recent?.["thinking"], recent?.["output_config"]]).toEqual([
      { type: "adaptive", display: "summarized" },
      { effort: "high" },
    ]);
  });

  test("that names no limit has the model's own, where the upstream tells it", async () => {
    const listed = { data: [{ id: "claude-small", max_tokens: 4096 }] };
    const answer = [
      { type: "message_start", message: { id: "m", type: "message", role: "assistant", content: [], usage: {} } },
      { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: {} },
      { type: "message_stop" },
    ].map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    await using upstream = startRawUpstream((path) => ({
      pieces: [Buffer.from(path.startsWith("/v1/models") ? JSON.stringify(listed) : answer.join(""))],
    }));
    await using sluice = await start("--upstream", upstream.url);
    for (const name of ["claude-small", "claude-large"]) {
      await sluice.openai.chat.completions.create({ model: name, messages: [{ role: "user", content: "Hello" }] });
    }
    const bodies = upstream.requests.filter(({ path }) => path === "/v1/messages");
    expect(bodies.map(({ body }) => JSON.parse(Buffer.from(body).toString()).max_tokens)).toEqual([4096, 32_000]);
  });

  test("with thinking that the client lost is asked again without it", async () => {
    await using sluice = await start();
    sluice.mock.respond((body) =>
      (body["thinking"] as { type: string } | undefined)?.type === "disabled"
        ? text("Done")
        : error(
            400,
            "invalid_request_error",
            "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.",
          ),
    );
    const { data, response } = await sluice.openai.chat.completions
      .create({ model: "claude-sonnet-4-5", reasoning_effort: "low", messages: [{ role: "user", content: "Hello" }] })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe("Done");
    expect(response.headers.get("x-sluice-warning")).toContain("thinking ignored");
    expect(sluice.mock.requests).toHaveLength(2);
  });
});

describe("an answer", () => {
  test("of thinking, text and calls, streamed and whole, with the way and the limits", async () => {
    await using sluice = await start();
    const ask = { model, messages: [{ role: "user" as const, content: "Hello" }], tools: [tool] };
    sluice.mock.respond((body) => ({
      ...toolUse([{ name: String(body.tools?.[0]?.name), input: { city: "Paris" } }], { text: "Let me see." }),
      headers: { "anthropic-ratelimit-requests-remaining": "9" },
    }));
    const whole = await sluice.openai.chat.completions.create(ask).withResponse();
    expect(whole.data.choices[0]?.message).toMatchObject({
      content: "Let me see.",
      tool_calls: [{ function: { name: "get weather", arguments: '{"city":"Paris"}' } }],
    });
    expect(whole.response.headers.get("x-sluice-way")).toBe("native");
    expect(whole.response.headers.get("anthropic-ratelimit-requests-remaining")).toBe("9");
    const streamed = await sluice.openai.chat.completions.stream(ask).finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name: "get weather" } });
    sluice.mock.respond(() => thinking("Let me think.", "Done"));
    const response = await sluice.openai.responses.create({ model, input: "Hello", reasoning: { effort: "low" } });
    expect(response.output.map(({ type }) => type)).toEqual(["reasoning", "message"]);
  });

  test("of types that no client knows is passed without them", async () => {
    await using sluice = await start();
    const started = {
      id: "m",
      type: "message",
      role: "assistant",
      content: [],
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    sluice.mock.respond(() =>
      events([
        { type: "message_start", message: started },
        { type: "event_of_tomorrow" },
        { type: "content_block_start", index: 0, content_block: { type: "block_of_tomorrow" } },
        { type: "content_block_delta", index: 0, delta: { type: "delta_of_tomorrow" } },
        { type: "content_block_stop", index: 0 },
        { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
        { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hi" } },
        { type: "content_block_stop", index: 1 },
        { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 2 } },
        { type: "message_stop" },
      ]),
    );
    const { output_text } = await sluice.openai.responses.create({ model, input: "Hello" });
    expect(output_text).toBe("Hi");
  });

  test.each([
    ["an error", () => error(429, "rate_limit_error", "Slow down", { "retry-after": "3" }), 429, "Slow down"],
    ["a long wait", () => error(429, "rate_limit_error", "Tomorrow", { "retry-after": "9000" }), 429, "Tomorrow"],
    ["a server's trouble", () => error(503, "api_error", "Down"), 503, "Down"],
    ["a key that is none", () => error(401, "authentication_error", "invalid x-api-key"), 401, "invalid x-api-key"],
  ])("that is %s is told in the client's words", async (_, reply, status, words) => {
    await using sluice = await start();
    sluice.mock.respond(reply);
    const failure = await failureOf(sluice.openai.responses.create({ model, input: "Hello" }));
    expect(failure).toMatchObject({ status, message: `${status} ${words}` });
    expect(sluice.mock.requests).toHaveLength(1);
  });

  test.each([
    ["breaks", cut(4), "The connection to the upstream broke"],
    ["fails", midStreamError("overloaded_error", "Overloaded"), "Overloaded"],
    ["ends too early", events([{ type: "ping" }]), "broke off"],
    ["is nonsense", events([{ type: "content_block_start", index: 0 }]), "event stream is broken"],
    ["has no text", blocks([], { stop_reason: "refusal" }), undefined],
  ])("that %s ends in the client's own way", async (_, reply, words) => {
    await using sluice = await start();
    sluice.mock.respond(() => reply);
    const response = await sluice.post("/v1/chat/completions", {
      model,
      stream: true,
      messages: [{ role: "user", content: "Hello" }],
    });
    const body = await response.text();
    if (words === undefined) expect(body).toEndWith("data: [DONE]\n\n");
    else expect(body).toContain(words);
  });
});

test("models and counts are the upstream's", async () => {
  const listed = [{ type: "model", id: "claude-sonnet-5", display_name: "Sonnet", created_at: "2026-06-01T00:00:00Z" }];
  await using upstream = startRawUpstream((path) => ({
    pieces: [Buffer.from(JSON.stringify(path.startsWith("/v1/models") ? { data: listed } : { input_tokens: 42 }))],
  }));
  await using sluice = await start("--upstream", upstream.url);
  const models = await sluice.openai.models.list();
  expect(models.data).toMatchObject([{ id: "claude-sonnet-5", object: "model", created: 1_780_272_000 }]);
  expect(await sluice.openai.models.retrieve("sonnet")).toMatchObject({ id: "sonnet" });
  expect(await failureOf(sluice.openai.models.retrieve("gpt-9"))).toMatchObject({
    status: 404,
    code: "model_not_found",
  });
  const count = await sluice.post("/v1/responses/input_tokens", { model, input: "Hello" });
  expect(await count.json()).toMatchObject({ input_tokens: 42 });
});
