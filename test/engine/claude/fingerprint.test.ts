import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Fingerprint } from "../../../src/engine/claude/fingerprint.ts";
import type { ContentBlock, Message, MessagesRequest } from "../../../src/messages/types.ts";

const text = (words: string): ContentBlock => ({ type: "text", text: words });
const user = (...content: ContentBlock[]): Message => ({ role: "user", content });
const assistant = (...content: ContentBlock[]): Message => ({ role: "assistant", content });
const call = (id: string, input: Record<string, unknown> = {}): ContentBlock => ({
  type: "tool_use",
  id,
  name: "f",
  input,
});
const result = (id: string, words = "r"): ContentBlock => ({
  type: "tool_result",
  tool_use_id: id,
  content: [text(words) as never],
});

const request: MessagesRequest = { model: "sonnet", system: [], messages: [] };
const key = (messages: Message[], changes: Partial<MessagesRequest> = {}, model = "chat/claude-sonnet-5-5") =>
  Fingerprint.of({ ...request, ...changes }, model).with(messages).key;

describe("provably the same", () => {
  test.each<[string, Message[], Message[]]>([
    [
      "without the thinking",
      [assistant({ type: "thinking", thinking: "hm", signature: "s" }, text("a"))],
      [assistant(text("a"))],
    ],
    ["with the blanks at the end of an answer trimmed", [assistant(text("a \n"))], [assistant(text("a"))]],
    ["with the text parts of an answer joined", [assistant(text("a"), text("b"))], [assistant(text("ab"))]],
    [
      "with ids of the client's own",
      [assistant(call("x"), call("y")), user(result("y"), result("x"))],
      [assistant(call("1"), call("2")), user(result("2"), result("1"))],
    ],
    [
      "with the keys of an input in another order",
      [assistant(call("x", { a: 1, b: { c: 2, d: 3 } }))],
      [assistant(call("x", { b: { d: 3, c: 2 }, a: 1 }))],
    ],
    [
      "with one id used for every call",
      [assistant(call("a")), user(result("a")), assistant(call("b")), user(result("b")), assistant(call("c"))],
      [assistant(call("x")), user(result("x")), assistant(call("x")), user(result("x")), assistant(call("x"))],
    ],
    [
      "with marks of the cache",
      [user({ type: "text", text: "q", cache_control: { type: "ephemeral" } })],
      [user(text("q"))],
    ],
    [
      "with is_error spelled out",
      [assistant(call("x")), user({ ...result("x"), is_error: false } as ContentBlock)],
      [assistant(call("x")), user(result("x"))],
    ],
  ])("%s", (_, one, other) => {
    expect(key(one)).toBe(key(other));
  });
});

test("the same with inputs of tools that come eagerly or not, as SDKs ask for streams only", () => {
  const f = { name: "f", input_schema: {} };
  expect(key([], { tools: [{ ...f, eager_input_streaming: true }] })).toBe(key([], { tools: [f] }));
});

describe("another conversation", () => {
  test.each<[string, Message[], Message[]]>([
    ["other words", [user(text("a"))], [user(text("b"))]],
    ["blanks in a question", [user(text("a "))], [user(text("a"))]],
    ["parts of a question joined", [user(text("a"), text("b"))], [user(text("ab"))]],
    ["words on the other side", [user(text("a")), assistant(text("b"))], [user(text("b")), assistant(text("a"))]],
    [
      "a result for the other call",
      [assistant(call("x"), call("y")), user(result("x", "1"), result("y", "2"))],
      [assistant(call("x"), call("y")), user(result("y", "1"), result("x", "2"))],
    ],
    [
      "a result that is an error",
      [assistant(call("x")), user(result("x"))],
      [assistant(call("x")), user({ ...result("x"), is_error: true } as ContentBlock)],
    ],
    ["another input", [assistant(call("x", { a: 1 }))], [assistant(call("x", { a: 2 }))]],
    ["a message more", [user(text("a"))], [user(text("a")), assistant(text(""))]],
  ])("%s", (_, one, other) => {
    expect(key(one)).not.toBe(key(other));
  });

  test("another model, system prompt, tool or order of tools", () => {
    const f = { name: "f", input_schema: {} };
    const g = { name: "g", input_schema: {} };
    const keys = [
      key([]),
      key([], {}, "chat/claude-haiku-5-5"),
      key([], {}, "agent/claude-sonnet-5-5"),
      key([], { system: [{ type: "text", text: "s" }] }),
      key([], { tools: [f] }),
      key([], { tools: [f, g] }),
      key([], { tools: [g, f] }),
      key([], { tools: [{ ...f, description: "d" }] }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("texts never run into each other", () => {
    const words = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(words, words, (a, b) => {
        const conversation = (parts: string[]) =>
          parts.map((part, n) => (n % 2 ? assistant(text(part)) : user(text(part))));
        const normal = (parts: string[]) => JSON.stringify(parts.map((part, n) => (n % 2 ? part.trimEnd() : part)));
        expect(key(conversation(a)) === key(conversation(b))).toBe(normal(a) === normal(b));
      }),
    );
  });
});

test("a key with messages added one by one is that of all at once", () => {
  const all = [user(text("a")), assistant(call("x")), user(result("x")), assistant(text("b"))];
  let step = Fingerprint.of(request, "m");
  for (const message of all) step = step.with([message]);
  expect(step.key).toBe(Fingerprint.of(request, "m").with(all).key);
});
