import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/error.ts";
import { collect } from "../../src/messages/collect.ts";
import type { MessageEvent } from "../../src/messages/types.ts";
import { answer, finalUsage, opening, refused, streamOf, text, thinking, toolUse } from "../dialect/answers.ts";
import { singly } from "../../src/messages/through.ts";

const collected = (events: Iterable<MessageEvent>) => collect(streamOf(events));

describe("collects", () => {
  test("blocks in order, usage and stop of message_delta", async () => {
    const events = answer(
      [thinking("sig", "Let", " me"), text("Hel", "lo"), toolUse("toolu_1", "f", "", '{"a"', ":1}")],
      "tool_use",
    );
    expect(await collected(events)).toEqual({
      id: "msg_01up",
      type: "message",
      role: "assistant",
      model: "claude-upstream",
      content: [
        { type: "thinking", thinking: "Let me", signature: "sig" },
        { type: "text", text: "Hello" },
        { type: "tool_use", id: "toolu_1", name: "f", input: { a: 1 } },
      ],
      stop_reason: "tool_use",
      stop_sequence: null,
      usage: finalUsage,
    });
  });

  test("a tool call without arguments as {}", async () => {
    const { content } = await collected(answer([toolUse("a", "f"), toolUse("b", "g", "")], "tool_use"));
    expect(content).toEqual([
      { type: "tool_use", id: "a", name: "f", input: {} },
      { type: "tool_use", id: "b", name: "g", input: {} },
    ]);
  });

  test("an answer without content, with its stop details", async () => {
    const message = await collected(answer([], "refusal", { stop_details: refused }));
    expect(message).toMatchObject({ content: [], stop_reason: "refusal", stop_details: refused });
  });

  test("the stop sequence", async () => {
    expect(await collected(answer([text("a")], "stop_sequence", { stop_sequence: "END" }))).toMatchObject({
      stop_reason: "stop_sequence",
      stop_sequence: "END",
    });
  });

  test("usage cumulatively: later counters replace, absent ones stay", async () => {
    const events = answer([], "end_turn");
    events.splice(-1, 0, {
      type: "message_delta",
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 50, cache_creation: undefined },
    });
    expect((await collected(events)).usage).toEqual({ ...finalUsage, output_tokens: 50 });
  });

  test("citations", async () => {
    const [start, ...deltas] = text("a");
    const events = answer([[start, ...deltas, { type: "citations_delta", citation: { n: 1 } }]], "end_turn");
    expect((await collected(events)).content).toEqual([{ type: "text", text: "a", citations: [{ n: 1 }] }]);
  });

  test("without a tool call that max_tokens cut in two", async () => {
    const { content } = await collected(answer([text("a"), toolUse("x", "f", '{"a":')], "max_tokens"));
    expect(content).toEqual([{ type: "text", text: "a" }]);
  });

  test("the same stream twice: events are not changed", async () => {
    const events = answer([text("a", "b"), toolUse("x", "f", '{"a":1}')], "tool_use");
    expect(await collected(events)).toEqual(await collected(events));
  });
});

test("keeps numbers as the model spelled them, also those that JavaScript can't hold", async () => {
  const json = '{"id":12345678901234567890,"list":[1.0,-0,1e400,0.1],"text":"12345678901234567890"}';
  const { content } = await collect(streamOf(answer([toolUse("t", "f", json)], "tool_use")));
  expect(JSON.stringify(content)).toContain(`"input":${json}`);
});

test("replaces half a character in a tool call's input, which the model spelled as an escape", async () => {
  const { content } = await collect(streamOf(answer([toolUse("t", "f", '{"a":"x\\ud83d"}')], "tool_use")));
  expect(content).toMatchObject([{ input: { a: "x\ufffd" } }]);
});

test("passes on what the stream throws", async () => {
  const failure = new ProxyError("overloaded", "Overloaded");
  async function* failing() {
    yield* opening();
    throw failure;
  }
  await expect(collect(singly(failing()))).rejects.toBe(failure);
});
