import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/error.ts";
import { toConversation } from "../../src/messages/conversation.ts";
import type { ContentBlock, Message, TextBlock, ToolResultBlock, ToolUseBlock } from "../../src/messages/types.ts";

const text = (text: string): TextBlock => ({ type: "text", text });
const call = (id: string): ToolUseBlock => ({ type: "tool_use", id, name: "f", input: {} });
const result = (tool_use_id: string, ...content: TextBlock[]): ToolResultBlock => ({
  type: "tool_result",
  tool_use_id,
  content,
});
const user = (...content: ContentBlock[]): Message => ({ role: "user", content });
const assistant = (...content: ContentBlock[]): Message => ({ role: "assistant", content });

const convert = (...messages: Message[]) =>
  toConversation(messages.map((message, index) => ({ ...message, path: `messages.${index}` })));

function refusal(...messages: Message[]): string {
  try {
    convert(...messages);
  } catch (error) {
    if (error instanceof ProxyError && error.kind === "invalid_request") return `${error.param} | ${error.message}`;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("mends", () => {
  test("same-role neighbours: one message", () => {
    expect(
      convert(user(text("a")), user(text("b")), assistant(text("c")), assistant(text("d")), user(text("e"))),
    ).toEqual([user(text("a"), text("b")), assistant(text("c"), text("d")), user(text("e"))]);
  });

  test("empty text: dropped, also inside results", () => {
    expect(
      convert(user(text(""), text("a")), assistant(text(""), call("x")), user(result("x", text("")), text(""))),
    ).toEqual([user(text("a")), assistant(call("x")), user(result("x"))]);
  });

  test("results after text: put first, in their order", () => {
    expect(
      convert(
        user(text("a")),
        assistant(call("x"), call("y")),
        user(text("b"), result("y"), text("c"), result("x")),
      ).at(-1),
    ).toEqual(user(result("y"), result("x"), text("b"), text("c")));
  });

  test("results spread over several messages", () => {
    expect(
      convert(user(text("a")), assistant(call("x")), assistant(call("y")), user(result("x")), user(result("y"))),
    ).toEqual([user(text("a")), assistant(call("x"), call("y")), user(result("x"), result("y"))]);
  });

  test("foreign ids: the same legal id on both sides", () => {
    expect(convert(user(text("a")), assistant(call("c.1")), user(result("c.1")))).toEqual([
      user(text("a")),
      assistant(call("c-2e-1")),
      user(result("c-2e-1")),
    ]);
  });

  test("nothing in the client's own objects", () => {
    const first = user(text("a"));
    convert(first, user(text("b")));
    expect(first).toEqual(user(text("a")));
  });
});

describe("refuses", () => {
  test.each<[string, Message[], string]>([
    ["nothing", [], "messages | messages: at least one user message is required"],
    [
      "the assistant first",
      [assistant(text("a"))],
      'messages.0 | messages.0: the first message must use the "user" role',
    ],
    [
      "prefill",
      [user(text("a")), assistant(text("b"))],
      "messages.1 | messages.1: assistant message prefill is not supported; the conversation must end with a user message",
    ],
    [
      "a message without content",
      [user(text("a")), assistant(text("")), user(text("b"))],
      "messages.1 | messages.1: all messages must have non-empty content",
    ],
    [
      "blank text",
      [user(text("a"), text(" \n\t"))],
      "messages.0.content.1 | messages.0.content.1: text content blocks must contain non-whitespace text",
    ],
    [
      "a user's tool call",
      [user(call("x"))],
      "messages.0.content.0 | messages.0.content.0: `tool_use` blocks can only be in `assistant` messages",
    ],
    [
      "a user's thinking",
      [user({ type: "thinking", thinking: "x", signature: "s" })],
      "messages.0.content.0 | messages.0.content.0: `thinking` blocks can only be in `assistant` messages",
    ],
    [
      "an assistant's result",
      [user(text("a")), assistant(result("x"))],
      "messages.1.content.0 | messages.1.content.0: `tool_result` blocks can only be in `user` messages",
    ],
    [
      "calls without results",
      [user(text("a")), assistant(call("x"), call("y"), call("z")), user(result("y"))],
      "messages.1 | messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: x, z. " +
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ],
    [
      "a last call without results",
      [user(text("a")), assistant(call("x"))],
      "messages.1 | messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: x. " +
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ],
    [
      "a call in the later one of two neighbours, whose path is named",
      [user(text("a")), assistant(text("b")), assistant(call("x")), user(text("c"))],
      "messages.2 | messages.2: `tool_use` ids were found without `tool_result` blocks immediately after: x. " +
        "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
    ],
    [
      "results without calls",
      [user(text("a")), assistant(text("b")), user(result("x.1"))],
      "messages.2 | messages.2: unexpected `tool_use_id` found in `tool_result` blocks: x.1. " +
        "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ],
    [
      "results of an older call",
      [user(text("a")), assistant(call("x")), user(result("x")), assistant(text("b")), user(result("x"))],
      "messages.4 | messages.4: unexpected `tool_use_id` found in `tool_result` blocks: x. " +
        "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ],
    [
      "two results of one call",
      [user(text("a")), assistant(call("x")), user(result("x"), result("x"))],
      "messages.2 | messages.2: each tool_use must have a single result. Found multiple `tool_result` blocks with id: x",
    ],
    [
      "two calls of one id",
      [user(text("a")), assistant(call("x"), call("x")), user(result("x"))],
      "messages.1 | messages.1: `tool_use` ids must be unique: x",
    ],
  ])("%s", (_, messages, expected) => expect(refusal(...messages)).toBe(expected));

  test("in a sentence of bounded length, whatever the client wrote", () => {
    const calls = Array.from({ length: 5000 }, (_, n) => call(`${n}`.repeat(400)));
    expect(refusal(user(text("a")), assistant(...calls), user(text("b"))).length).toBeLessThan(400);
  });
});

test("takes 10,000 messages and 200,000 blocks", () => {
  const turns = Array.from({ length: 10_000 }, (_, n) => [user(text(`${n}`)), assistant(text(`${n}`))]).flat();
  expect(convert(...turns, user(text("end")))).toHaveLength(20_001);
  const blocks = Array.from({ length: 200_000 }, (_, n) => text(`${n}`));
  expect(convert(user(text("a")), user(...blocks))[0]?.content).toHaveLength(200_001);
});
