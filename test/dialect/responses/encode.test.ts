import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import OpenAI, { APIError } from "openai";
import type { SseMessage } from "../../../src/dialect/dialect.ts";
import { replay } from "../../../src/dialect/responses/stored.ts";
import { ProxyError } from "../../../src/error.ts";
import type { MessageEvent } from "../../../src/messages/types.ts";
import { anyAnswer } from "../any-answer.ts";
import { answer, opening, refused, text, thinking, toolUse } from "../answers.ts";
import { type Script, serveScript, sseOf } from "../serve.ts";
import { eventsIn, expectGrammar } from "./grammar.ts";
import { createMemory, remembering, withMemory } from "./memory.ts";

const body = { model: "opus", input: "Hi" };
const sealed = { ...body, include: ["reasoning.encrypted_content" as const] };

/** The script as the official SDK reads it: streamed and whole. */
async function read(script: Script) {
  await using server = serveScript(withMemory(), script);
  const client = new OpenAI({ baseURL: server.url.href, apiKey: "k", maxRetries: 0 });
  const streamed = await client.responses.stream(sealed).finalResponse();
  return { streamed, whole: await client.responses.create(sealed) };
}

const usage = {
  input_tokens: 1161,
  input_tokens_details: { cached_tokens: 1000, cache_write_tokens: 100 },
  output_tokens: 42,
  output_tokens_details: { reasoning_tokens: 7 },
  total_tokens: 1203,
};

const said = (text: string, status = "completed") => ({
  id: expect.stringMatching(/^msg_[0-9a-f]{48}$/),
  type: "message",
  status,
  role: "assistant",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
});
const refusal = (refusal: string) => ({ ...said(""), content: [{ type: "refusal", refusal }] });
const call = (call_id: string, name: string, args: string, status = "completed") => ({
  id: expect.stringMatching(/^fc_[0-9a-f]{48}$/),
  type: "function_call",
  status,
  call_id,
  name,
  arguments: args,
});
const reasoning = (text: string, carried: object) => ({
  id: expect.stringMatching(/^rs_[0-9a-f]{48}$/),
  type: "reasoning",
  summary: text === "" ? [] : [{ type: "summary_text", text }],
  encrypted_content: `reasoning:${JSON.stringify(carried)}`,
});
const thought = (thinking: string, signature: string) => reasoning(thinking, { type: "thinking", thinking, signature });

describe("the official SDK reads, streamed and whole alike,", () => {
  test.each<[string, MessageEvent[], object[], object?]>([
    ["text", answer([text("Hel", "lo \u2028😀\n")], "end_turn"), [said("Hello \u2028😀\n")]],
    ["nothing", answer([], "end_turn"), []],
    [
      "reasoning and text",
      answer([thinking("sig", "Let ", "me"), text("Yes")], "end_turn"),
      [thought("Let me", "sig"), said("Yes")],
    ],
    ["reasoning that is not told", answer([thinking("sig"), text("a")], "end_turn"), [thought("", "sig"), said("a")]],
    [
      "redacted reasoning",
      answer([[{ type: "redacted_thinking", data: "xyz" }], text("a")], "end_turn"),
      [reasoning("", { type: "redacted_thinking", data: "xyz" }), said("a")],
    ],
    [
      "parallel function calls",
      answer(
        [text("So:"), toolUse("toolu_1", "f", "", '{"a":', "1}"), toolUse("toolu_2", "g", '{"b":"\\"x"}')],
        "tool_use",
      ),
      [said("So:"), call("toolu_1", "f", '{"a":1}'), call("toolu_2", "g", '{"b":"\\"x"}')],
    ],
    [
      "function calls without arguments",
      answer([toolUse("toolu_1", "f"), toolUse("toolu_2", "g", "")], "tool_use"),
      [call("toolu_1", "f", "{}"), call("toolu_2", "g", "{}")],
    ],
    [
      "text, call and text in their order",
      answer([text("a"), toolUse("toolu_1", "f", "{}"), text("b")], "tool_use"),
      [said("a"), call("toolu_1", "f", "{}"), said("b")],
    ],
    [
      "max_tokens",
      answer([text("a"), text("b")], "max_tokens"),
      [said("a"), said("b", "incomplete")],
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, completed_at: null },
    ],
    [
      "a full context window",
      answer([text("a")], "model_context_window_exceeded"),
      [said("a", "incomplete")],
      { status: "incomplete", incomplete_details: { reason: "max_output_tokens" }, completed_at: null },
    ],
    ["a stop sequence", answer([text("a")], "stop_sequence", { stop_sequence: "END" }), [said("a")]],
    ["a refusal without content", answer([], "refusal", { stop_details: refused }), [refusal("Not this.")]],
    ["a refusal without reason", answer([], "refusal"), [refusal("The model declined to answer this request.")]],
    [
      "a refusal in the middle",
      answer([text("a")], "refusal", { stop_details: refused }),
      [said("a", "incomplete"), refusal("Not this.")],
      { status: "incomplete", incomplete_details: { reason: "content_filter" }, completed_at: null },
    ],
  ])("%s", async (_, events, output, changed = {}) => {
    const { streamed, whole } = await read({ events });
    const { output_parsed: _parsed, ...plain } = streamed;
    for (const response of [plain, whole]) {
      const { output_text: _sugar, ...sent } = response;
      const withoutParsed = JSON.parse(JSON.stringify(sent), (key, value: unknown) =>
        key === "parsed" || key === "parsed_arguments" ? undefined : value,
      );
      expect(withoutParsed).toEqual({
        id: expect.stringMatching(/^resp_[0-9a-f]{48}$/),
        object: "response",
        created_at: expect.any(Number),
        completed_at: expect.any(Number),
        status: "completed",
        background: false,
        error: null,
        incomplete_details: null,
        instructions: null,
        max_output_tokens: null,
        max_tool_calls: null,
        model: "opus",
        output,
        parallel_tool_calls: true,
        previous_response_id: null,
        prompt_cache_key: null,
        reasoning: { effort: null, summary: null },
        safety_identifier: null,
        service_tier: "default",
        store: true,
        temperature: 1,
        text: { format: { type: "text" }, verbosity: "medium" },
        tool_choice: "auto",
        tools: [],
        top_logprobs: 0,
        top_p: 1,
        presence_penalty: 0,
        frequency_penalty: 0,
        truncation: "disabled",
        metadata: {},
        access_programs: null,
        usage,
        ...changed,
      });
    }
  });

  test("a call that is cut: streamed as incomplete, whole without it", async () => {
    const { streamed, whole } = await read({ events: answer([text("a"), toolUse("t", "f", '{"a":')], "max_tokens") });
    expect<unknown>(streamed.output.map(({ type }) => type)).toEqual(["message", "function_call"]);
    expect(streamed.output[1]).toMatchObject({ status: "incomplete", arguments: '{"a":' });
    // The text before it is whole, with the call or without.
    expect(streamed.output[0]).toMatchObject({ status: "completed" });
    expect<unknown>(whole.output).toEqual([said("a")]);
    expect([streamed.status, whole.status]).toEqual(["incomplete", "incomplete"]);
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
  const encoded = (events: MessageEvent[], fields: object = {}) =>
    sseOf(withMemory().decode({ ...body, stream: true, ...fields }, remembering()).encoder, { events });

  test("exactly these events", () => {
    const messages = encoded(
      answer(
        [thinking("sig", "", "hm"), text("a", "b"), toolUse("t1", "f", "", '{"a"', ":1}"), toolUse("t2", "g")],
        "tool_use",
      ),
    );
    expectGrammar(messages);
    expect(messages.map(({ event }) => event?.replace("response.", "") ?? "[DONE]")).toEqual([
      "created",
      "in_progress",
      "output_item.added",
      "reasoning_summary_part.added",
      "reasoning_summary_text.delta",
      "reasoning_summary_text.done",
      "reasoning_summary_part.done",
      "output_item.done",
      "output_item.added",
      "content_part.added",
      "output_text.delta",
      "output_text.delta",
      "output_text.done",
      "content_part.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "output_item.added",
      "function_call_arguments.delta",
      "function_call_arguments.done",
      "output_item.done",
      "completed",
      "[DONE]",
    ]);
  });

  test("a failure closes what is open, says `error` nested, then `response.failed`", () => {
    const { encoder } = withMemory().decode({ ...body, stream: true }, remembering());
    const events = answer([text("a")], "end_turn").slice(0, 4);
    const messages = sseOf(encoder, { events, failure: new ProxyError("timeout", "Too slow.") });
    expectGrammar(messages);
    const [error, failed] = eventsIn(messages).slice(-2);
    expect(error).toEqual({
      type: "error",
      sequence_number: 8,
      error: { message: "Too slow.", type: "server_error", param: null, code: "timeout" },
    } as unknown as NonNullable<typeof error>);
    expect(failed?.response).toMatchObject({
      status: "failed",
      error: { code: "timeout", message: "Too slow." },
      output: [{ status: "incomplete", content: [{ text: "a" }] }],
      usage: null,
    });
  });

  test("a call whose arguments are no JSON is a failure, not a call", () => {
    const { encoder } = withMemory().decode({ ...body, stream: true }, remembering());
    const events = answer([toolUse("t", "f", "{"), text("a")], "tool_use");
    expect(() => sseOf(encoder, { events })).toThrow("The input of the tool call t is not a JSON object.");
  });

  test("sealed reasoning only where it was asked for, and nothing but that is kept back", () => {
    const events = answer([thinking("sig", "hm"), text("a")], "end_turn");
    expect(JSON.stringify(encoded(events))).not.toContain("encrypted_content");
    expect(JSON.stringify(encoded(events, sealed)).match(/encrypted_content/g)).toHaveLength(2);
  });

  test("the response repeats what it was asked", () => {
    const asked = {
      instructions: "Be kind.",
      max_output_tokens: 99,
      max_tool_calls: 3,
      metadata: { a: "b" },
      parallel_tool_calls: false,
      prompt_cache_key: "key",
      safety_identifier: "me",
      user: "you",
      temperature: 0.5,
      top_p: 0.9,
      store: false,
      reasoning: { effort: "high", summary: "auto" },
      truncation: "auto",
      tool_choice: { type: "function", name: "f" },
    };
    const format = { type: "json_schema", name: "n", schema: { type: "object" }, strict: true };
    const tools = [{ type: "function", name: "f" }, { type: "web_search" }];
    const [created] = eventsIn(encoded(opening(), { ...asked, tools, text: { format, verbosity: "low" } }));
    expect(created?.response).toMatchObject({
      ...asked,
      tools: [{ type: "function", name: "f", description: null, parameters: null, strict: null }],
      text: { format, verbosity: "low" },
    });
  });
});

describe("any answer", () => {
  const failure = new ProxyError("upstream", "Lost.");

  test("is a stream of the grammar, wherever it breaks off, and is replayed event by event", () => {
    fc.assert(
      fc.property(anyAnswer, fc.option(fc.nat()), (events, breakAt) => {
        const memory = createMemory();
        const { encoder } = withMemory(memory).decode({ ...sealed, stream: true }, remembering());
        const script: Script =
          breakAt === null ? { events } : { events: events.slice(0, breakAt % events.length), failure };
        const messages = sseOf(encoder, script);
        expectGrammar(messages);

        const [stored] = memory.stored.values();
        if (stored === undefined) throw new Error("it was not stored");
        const query = new URLSearchParams({ include: "reasoning.encrypted_content" });
        // Of an error only what the response says of it is stored.
        const comparable = (all: readonly SseMessage[]) => all.filter(({ event }) => event !== "error");
        expect(comparable(replay(stored, query))).toEqual(comparable(messages));
        const after = messages.length >> 1;
        query.set("starting_after", String(after));
        expect(comparable(replay(stored, query))).toEqual(comparable(messages.slice(after + 1)));
      }),
    );
  });
});
