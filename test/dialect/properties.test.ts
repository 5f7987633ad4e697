import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { requestSchema as anthropicSchema } from "../../src/dialect/anthropic/schema.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import { requestSchema as chatSchema } from "../../src/dialect/chat/schema.ts";
import { ProxyError } from "../../src/error.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { asAnthropic, asChat, asResponses, conversation, parts, plain } from "./conversations.ts";
import { context } from "./refusal.ts";

describe("a conversation that every API can tell", () => {
  test("is one canonical request, however it is spelled", () => {
    fc.assert(
      fc.property(conversation, (told) => {
        const { request } = anthropic.decode(asAnthropic(told, plain), context);
        expect(anthropic.decode(asAnthropic(told, parts), context).request).toEqual(request);
        expect(chat.decode(asChat(told, plain), context).request).toEqual(request);
        expect(chat.decode(asChat(told, parts), context).request).toEqual(request);
        expect(responses.decode(asResponses(told, plain), context).request).toEqual(request);
        expect(responses.decode(asResponses(told, parts), context).request).toEqual(request);
      }),
    );
  });

  test("alternates, begins and ends with the user, and is well-formed", () => {
    fc.assert(
      fc.property(conversation, (told) => {
        const { messages, system } = anthropic.decode(asAnthropic(told, plain), context).request;
        expect(messages.map(({ role }) => role)).toEqual(messages.map((_, n) => (n % 2 ? "assistant" : "user")));
        expect(messages.length % 2).toBe(1);
        const strings: string[] = [];
        JSON.stringify({ messages, system }, (_, value: unknown) =>
          typeof value === "string" ? strings.push(value) : value,
        );
        expect(strings.filter((text) => !text.isWellFormed())).toEqual([]);
      }),
    );
  });
});

describe.each([
  { dialect: anthropic, fields: Object.keys(anthropicSchema.shape), extra: { max_tokens: 9 } },
  { dialect: chat, fields: Object.keys(chatSchema.shape), extra: {} },
])("$dialect.name refuses with a ProxyError, or accepts,", ({ dialect, fields, extra }) => {
  const base = { model: "m", messages: [{ role: "user", content: "Hi" }], ...extra };

  function decodes(body: unknown): void {
    try {
      dialect.decode(body, context);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      expect(error.kind).toBe("invalid_request");
      expect(error.message.length).toBeLessThanOrEqual(300);
    }
  }

  test("any JSON as the body", () => fc.assert(fc.property(fc.jsonValue(), decodes)));

  test("any JSON in any of its fields", () => {
    const change = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue(), { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(change, (changed) => decodes({ ...base, ...changed })),
      { numRuns: 500 },
    );
  });

  test("any JSON in any field of a message and of its parts", () => {
    const type = fc.constantFrom(
      "text",
      "image",
      "image_url",
      "document",
      "file",
      "refusal",
      "search_result",
      "tool_use",
      "tool_result",
      "thinking",
      "redacted_thinking",
    );
    const part = fc.record(
      {
        type,
        text: fc.jsonValue(),
        source: fc.oneof(
          fc.jsonValue(),
          fc.record({ type: fc.constantFrom("base64", "url", "text", "file"), data: fc.jsonValue() }),
        ),
        image_url: fc.oneof(fc.jsonValue(), fc.record({ url: fc.oneof(fc.string(), fc.constant("data:;,")) })),
        file: fc.oneof(fc.jsonValue(), fc.record({ file_data: fc.string() })),
        id: fc.jsonValue(),
        tool_use_id: fc.jsonValue(),
        name: fc.jsonValue(),
        input: fc.jsonValue(),
        content: fc.jsonValue(),
        cache_control: fc.jsonValue(),
      },
      { requiredKeys: ["type"] },
    );
    const message = fc.record(
      {
        role: fc.constantFrom("user", "assistant", "system", "developer", "tool", "function", "nobody"),
        content: fc.oneof(fc.string(), fc.array(part), fc.jsonValue()),
        tool_calls: fc.oneof(
          fc.jsonValue(),
          fc.array(fc.record({ id: fc.string(), function: fc.record({ name: fc.string(), arguments: fc.string() }) })),
        ),
        function_call: fc.oneof(fc.jsonValue(), fc.record({ name: fc.string(), arguments: fc.json() })),
        tool_call_id: fc.jsonValue(),
        name: fc.jsonValue(),
        refusal: fc.jsonValue(),
      },
      { requiredKeys: ["role", "content"] },
    );
    fc.assert(
      fc.property(fc.array(message), (messages) => decodes({ ...base, messages })),
      { numRuns: 300 },
    );
  });

  test("any depth in any place", () => {
    const deep: unknown = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    let deeper: unknown = deep;
    for (let depth = 0; depth < 100_000; depth++) deeper = { content: deeper };
    for (const junk of [deep, deeper]) {
      decodes(junk);
      for (const field of [...fields, "metadata"]) decodes({ ...base, [field]: junk });
      for (const content of [
        junk,
        [junk],
        [{ type: "text", text: junk }],
        [{ type: "tool_use", id: "x", name: "f", input: junk }],
      ]) {
        decodes({ ...base, messages: [{ role: "assistant", content }] });
      }
    }
    const call = { id: "x", function: { name: "f", arguments: '{"a":'.repeat(1_000_000) } };
    decodes({ ...base, messages: [{ role: "assistant", tool_calls: [call] }] });
  });
});
