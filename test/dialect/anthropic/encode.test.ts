import { describe, expect, test } from "bun:test";
import Anthropic, { APIError } from "@anthropic-ai/sdk";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { ProxyError } from "../../../src/error.ts";
import type { MessageEvent } from "../../../src/messages/types.ts";
import { answer, opening, refused, text, thinking, toolUse } from "../answers.ts";
import { context } from "../refusal.ts";
import { type Script, serveScript, sseOf } from "../serve.ts";

const body = { model: "opus", max_tokens: 100, messages: [{ role: "user" as const, content: "Hi" }] };

/** The script as the official SDK reads it: streamed and whole. */
async function read(script: Script) {
  await using server = serveScript(anthropic, script);
  const client = new Anthropic({ baseURL: server.url.href, apiKey: "k", maxRetries: 0 });
  const streamed = await client.messages.stream(body).finalMessage();
  return { streamed, whole: await client.messages.create(body) };
}

const usage = {
  input_tokens: 61,
  output_tokens: 42,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 1000,
  output_tokens_details: { thinking_tokens: 7 },
  cache_creation: null,
  server_tool_use: null,
  service_tier: null,
  inference_geo: null,
  speed: null,
};

const caller = { type: "direct" };

const message = (content: unknown[], stop_reason: string, stop: object = {}) => ({
  id: "msg_01up",
  type: "message",
  role: "assistant",
  model: "opus",
  content,
  stop_reason,
  stop_sequence: null,
  stop_details: null,
  container: null,
  diagnostics: null,
  usage,
  ...stop,
});

describe("the official SDK reads, streamed and whole alike,", () => {
  test.each<[string, MessageEvent[], ReturnType<typeof message>]>([
    [
      "text",
      answer([text("Hel", "lo \u2028😀\n")], "end_turn"),
      message([{ type: "text", text: "Hello \u2028😀\n" }], "end_turn"),
    ],
    [
      "thinking and text",
      answer([thinking("sig==", "Let ", "me"), text("Yes")], "end_turn"),
      message(
        [
          { type: "thinking", thinking: "Let me", signature: "sig==" },
          { type: "text", text: "Yes" },
        ],
        "end_turn",
      ),
    ],
    [
      "parallel tool calls",
      answer(
        [text("So:"), toolUse("toolu_1", "f", "", '{"a":', "1}"), toolUse("toolu_2", "g", '{"b":"\\"x"}')],
        "tool_use",
      ),
      message(
        [
          { type: "text", text: "So:" },
          { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 }, caller },
          { type: "tool_use", id: "toolu_2", name: "g", input: { b: '"x' }, caller },
        ],
        "tool_use",
      ),
    ],
    [
      "tool calls without arguments",
      answer([toolUse("toolu_1", "f"), toolUse("toolu_2", "g", "")], "tool_use"),
      message(
        [
          { type: "tool_use", id: "toolu_1", name: "f", input: {}, caller },
          { type: "tool_use", id: "toolu_2", name: "g", input: {}, caller },
        ],
        "tool_use",
      ),
    ],
    ["max_tokens", answer([text("a")], "max_tokens"), message([{ type: "text", text: "a" }], "max_tokens")],
    [
      "a stop sequence",
      answer([text("a")], "stop_sequence", { stop_sequence: "END" }),
      message([{ type: "text", text: "a" }], "stop_sequence", { stop_sequence: "END" }),
    ],
    [
      "a refusal without content",
      answer([], "refusal", { stop_details: refused }),
      message([], "refusal", { stop_details: refused }),
    ],
  ])("%s", async (_, events, expected) => {
    const { streamed, whole } = await read({ events });
    expect(streamed).toMatchObject(expected);
    expect<unknown>(streamed.content).toEqual(expected.content);
    expect<unknown>(whole).toEqual(expected);
  });

  test("a failure in mid-stream, as an error with the API's type", async () => {
    const events = [...opening(), ...answer([text("a")], "end_turn").slice(2, 4)];
    const error = await read({ events, failure: new ProxyError("overloaded", "Overloaded") }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ type: "overloaded_error" });
    expect(String(error)).toContain("Overloaded");
  });
});

describe("on the wire", () => {
  const encoded = (events: MessageEvent[]) => sseOf(anthropic.decode(body, context).encoder, { events });

  test("each event has its type as its name, and one line of data", () => {
    const messages = encoded(answer([text("a")], "end_turn"));
    expect(messages.map(({ event }) => event)).toEqual([
      "message_start",
      "ping",
      "content_block_start",
      "content_block_delta",
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    for (const { event, data } of messages) expect(JSON.parse(data).type).toBe(event);
  });

  test("exactly these bytes", () => {
    expect(encoded(answer([text("a")], "end_turn")).map(({ data }) => data)).toEqual([
      '{"type":"message_start","message":{"id":"msg_01up","type":"message","role":"assistant","model":"opus","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{"input_tokens":43,"output_tokens":1,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens_details":{"thinking_tokens":7},"cache_creation":null,"server_tool_use":null,"service_tier":null,"inference_geo":null,"speed":null}}}',
      '{"type":"ping"}',
      '{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}',
      '{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}',
      '{"type":"content_block_stop","index":0}',
      '{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":61,"output_tokens":42,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens_details":{"thinking_tokens":7},"server_tool_use":null}}',
      '{"type":"message_stop"}',
    ]);
  });

  test("exactly these bytes of a tool call", () => {
    const events = answer([text("a"), toolUse("toolu_1", "f", "", '{"a":', "1}")], "tool_use");
    expect(
      encoded(events)
        .slice(5, -1)
        .map(({ data }) => data),
    ).toEqual([
      '{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"toolu_1","name":"f","input":{},"caller":{"type":"direct"}}}',
      '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":""}}',
      '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\\"a\\":"}}',
      '{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"1}"}}',
      '{"type":"content_block_stop","index":1}',
      '{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":61,"output_tokens":42,"cache_creation_input_tokens":100,"cache_read_input_tokens":1000,"output_tokens_details":{"thinking_tokens":7},"server_tool_use":null}}',
    ]);
  });

  test("no null that clients stumble over, though the upstream sends it", () => {
    const block = { type: "text" as const, text: "", citations: null, caller: null };
    const [start] = encoded([
      { type: "content_block_start", index: 0, content_block: JSON.parse(JSON.stringify(block)) },
    ]);
    expect(start?.data).toBe('{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}');
  });

  test("an error has no [DONE] and no request_id of its own", () => {
    const failure = new ProxyError("timeout", "Too slow.");
    const [error, ...rest] = sseOf(anthropic.decode(body, context).encoder, { events: [], failure });
    expect(error).toEqual({
      event: "error",
      data: '{"type":"error","error":{"type":"timeout_error","message":"Too slow."}}',
    });
    expect(rest).toEqual([]);
  });
});
