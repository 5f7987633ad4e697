import { describe, expect, test } from "bun:test";
import OpenAI, { APIError } from "openai";
import { chat } from "../../../src/dialect/chat/index.ts";
import { ProxyError } from "../../../src/error.ts";
import type { MessageEvent } from "../../../src/messages/types.ts";
import { answer, opening, refused, text, thinking, toolUse } from "../answers.ts";
import { context } from "../refusal.ts";
import { type Script, serveScript, sseOf } from "../serve.ts";

const body = { model: "opus", messages: [{ role: "user" as const, content: "Hi" }] };
const withUsage = { ...body, stream_options: { include_usage: true } };

const functions = [{ name: "f", parameters: {} }];

/** The script as the official SDK reads it: streamed and whole. */
async function read(script: Script, fields: { functions?: typeof functions } = {}) {
  await using server = serveScript(chat, script);
  const client = new OpenAI({ baseURL: server.url.href, apiKey: "k", maxRetries: 0 });
  const streamed = await client.chat.completions.stream({ ...withUsage, ...fields }).finalChatCompletion();
  return { streamed, whole: await client.chat.completions.create({ ...body, ...fields }) };
}

const usage = {
  prompt_tokens: 1161,
  completion_tokens: 42,
  total_tokens: 1203,
  prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 100, audio_tokens: 0 },
  completion_tokens_details: {
    reasoning_tokens: 7,
    audio_tokens: 0,
    accepted_prediction_tokens: 0,
    rejected_prediction_tokens: 0,
  },
};

const call = (id: string, name: string, args: string) => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

describe("the official SDK reads, streamed and whole alike,", () => {
  test.each<[string, MessageEvent[], object, string]>([
    ["text", answer([text("Hel", "lo \u2028😀\n")], "end_turn"), { content: "Hello \u2028😀\n" }, "stop"],
    [
      // In one piece: of a field that it doesn't know, the SDK keeps the last one only.
      "thinking and text",
      answer([thinking("sig", "Let me"), text("Yes")], "end_turn"),
      { content: "Yes", reasoning_content: "Let me" },
      "stop",
    ],
    [
      "parallel tool calls",
      answer(
        [text("So:"), toolUse("toolu_1", "f", "", '{"a":', "1}"), toolUse("toolu_2", "g", '{"b":"\\"x"}')],
        "tool_use",
      ),
      { content: "So:", tool_calls: [call("toolu_1", "f", '{"a":1}'), call("toolu_2", "g", '{"b":"\\"x"}')] },
      "tool_calls",
    ],
    [
      "tool calls without arguments",
      answer([toolUse("toolu_1", "f"), toolUse("toolu_2", "g", "")], "tool_use"),
      { tool_calls: [call("toolu_1", "f", "{}"), call("toolu_2", "g", "{}")] },
      "tool_calls",
    ],
    ["max_tokens", answer([text("a")], "max_tokens"), { content: "a" }, "length"],
    ["a full context window", answer([text("a")], "model_context_window_exceeded"), { content: "a" }, "length"],
    ["a stop sequence", answer([text("a")], "stop_sequence", { stop_sequence: "END" }), { content: "a" }, "stop"],
    [
      "a refusal without content",
      answer([], "refusal", { stop_details: refused }),
      { refusal: "Not this." },
      "content_filter",
    ],
    [
      "a refusal without reason",
      answer([], "refusal"),
      { refusal: "The model declined to answer this request." },
      "content_filter",
    ],
    ["a reason of tomorrow", answer([text("a")], "tomorrow" as "end_turn"), { content: "a" }, "stop"],
    ["a reason that objects have", answer([text("a")], "constructor" as "end_turn"), { content: "a" }, "stop"],
    ["several text blocks", answer([text("a"), text("b")], "end_turn"), { content: "ab" }, "stop"],
  ])("%s", async (_, events, message, finish_reason) => {
    const { streamed, whole } = await read({ events });
    const expected = { role: "assistant", refusal: null, ...message };
    expect(streamed).toMatchObject({ model: "opus", object: "chat.completion", usage });
    expect(streamed.choices).toMatchObject([{ index: 0, message: expected, finish_reason, logprobs: null }]);
    expect<unknown>(whole).toEqual({
      id: expect.stringMatching(/^chatcmpl-\w{29}$/),
      object: "chat.completion",
      created: expect.any(Number),
      model: "opus",
      choices: [{ index: 0, message: { content: null, annotations: [], ...expected }, logprobs: null, finish_reason }],
      usage,
      service_tier: "default",
    });
  });

  test.each([
    ["a function call", [toolUse("toolu_1", "f", "", '{"a":', "1}")], '{"a":1}'],
    ["a function call without arguments", [toolUse("toolu_1", "f")], "{}"],
    ["the first of two", [toolUse("toolu_1", "f", '{"a":1}'), toolUse("toolu_2", "g", '{"b":2}')], '{"a":1}'],
  ])("%s, where the client sent functions", async (_, blocks, args) => {
    const events = answer([text("So:"), ...blocks], "tool_use");
    const { streamed, whole } = await read({ events }, { functions });
    for (const { choices } of [streamed, whole]) {
      expect(choices).toMatchObject([
        { finish_reason: "function_call", message: { content: "So:", function_call: { name: "f", arguments: args } } },
      ]);
      expect(choices[0]?.message).not.toHaveProperty("tool_calls");
    }
  });

  test("text, where the client sent functions", async () => {
    const { streamed, whole } = await read({ events: answer([text("a")], "end_turn") }, { functions });
    for (const { choices } of [streamed, whole]) {
      expect(choices).toMatchObject([{ finish_reason: "stop", message: { content: "a" } }]);
      expect(choices[0]?.message).not.toHaveProperty("function_call");
    }
  });

  test("a failure in mid-stream, as an error with the API's type", async () => {
    const events = [...opening(), ...answer([text("a")], "end_turn").slice(2, 4)];
    const error = await read({ events, failure: new ProxyError("rate_limit", "Slow down") }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ type: "rate_limit_error", code: "rate_limit_exceeded", param: null });
    expect(String(error)).toContain("Slow down");
  });
});

describe("on the wire", () => {
  const encoded = (events: MessageEvent[], fields: object) =>
    sseOf(chat.decode({ ...body, stream: true, ...fields }, context).encoder, { events });
  const chunksOf = (events: MessageEvent[], fields: object = {}) =>
    encoded(events, fields).flatMap(({ data }) => (data === "[DONE]" ? [] : JSON.parse(data)));

  test("frames have no name, and the last is [DONE]", () => {
    const messages = encoded(answer([text("a")], "end_turn"), {});
    expect(messages.every((message) => !("event" in message))).toBe(true);
    expect(messages.filter(({ data }) => data === "[DONE]")).toEqual([{ data: "[DONE]" }]);
    expect(messages.at(-1)).toEqual({ data: "[DONE]" });
  });

  test("exactly these deltas", () => {
    const events = answer(
      [thinking("sig", "", "hm"), text("a"), toolUse("t1", "f", "", "{}"), toolUse("t2", "g")],
      "tool_use",
    );
    const choices = chunksOf(events).map(({ choices: [{ delta, finish_reason }] }) => finish_reason ?? delta);
    expect(choices).toEqual([
      { role: "assistant", content: "", refusal: null },
      { reasoning_content: "hm" },
      { content: "a" },
      { tool_calls: [{ index: 0, id: "t1", type: "function", function: { name: "f", arguments: "" } }] },
      { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
      { tool_calls: [{ index: 1, id: "t2", type: "function", function: { name: "g", arguments: "" } }] },
      { tool_calls: [{ index: 1, function: { arguments: "{}" } }] },
      "tool_calls",
    ]);
  });

  test("exactly these deltas of a function call, and none of a second", () => {
    const events = answer(
      [toolUse("t1", "f", "", '{"a":', "1}"), toolUse("t2", "g", "{}"), toolUse("t3", "h")],
      "tool_use",
    );
    const choices = chunksOf(events, { functions }).map(
      ({ choices: [{ delta, finish_reason }] }) => finish_reason ?? delta,
    );
    expect(choices).toEqual([
      { role: "assistant", content: "", refusal: null },
      { function_call: { name: "f", arguments: "" } },
      { function_call: { arguments: '{"a":' } },
      { function_call: { arguments: "1}" } },
      "function_call",
    ]);
  });

  test("all chunks share id, time, model and shape", () => {
    const chunks = chunksOf(answer([text("a", "b")], "end_turn"));
    const [{ id, created }] = chunks;
    expect(id).toMatch(/^chatcmpl-\w{29}$/);
    for (const chunk of chunks) {
      expect(chunk).toEqual({
        id,
        created,
        object: "chat.completion.chunk",
        model: "opus",
        service_tier: "default",
        choices: [
          { index: 0, delta: expect.any(Object), logprobs: null, finish_reason: chunk.choices[0].finish_reason },
        ],
      });
    }
  });

  test("usage only on request: then null in all chunks but the last", () => {
    const events = answer([text("a")], "end_turn");
    expect(chunksOf(events).some((chunk) => "usage" in chunk)).toBe(false);
    const chunks = chunksOf(events, { stream_options: { include_usage: true } });
    expect(chunks.map((chunk) => chunk.usage)).toEqual([null, null, null, usage]);
    expect(chunks.at(-1).choices).toEqual([]);
  });

  test("one finish chunk, also where the upstream sends its message_delta twice", () => {
    const events = answer([text("a")], "end_turn");
    events.splice(-1, 0, ...events.slice(-2, -1));
    const finished = chunksOf(events).filter(({ choices: [choice] }) => choice.finish_reason !== null);
    expect(finished).toHaveLength(1);
  });

  test("an error has all four keys, and no [DONE] after it", () => {
    const failure = new ProxyError("timeout", "Too slow.");
    expect(sseOf(chat.decode(body, context).encoder, { events: [], failure })).toEqual([
      { data: '{"error":{"message":"Too slow.","type":"server_error","param":null,"code":"timeout"}}' },
    ]);
  });
});
