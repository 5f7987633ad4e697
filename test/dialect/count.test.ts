import { describe, expect, test } from "bun:test";
import type { MessageTokensCount } from "@anthropic-ai/sdk/resources/messages";
import type { InputTokenCountResponse } from "openai/resources/responses/input-tokens";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Counting, Dialect } from "../../src/dialect/dialect.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { ProxyError } from "../../src/error.ts";
import { context } from "./refusal.ts";
import { createMemory, remembering } from "./responses/memory.ts";

const messages = [{ role: "user", content: "Hi" }];

function countingOf({ count }: Dialect): Counting {
  if (!count) throw new Error("There is none");
  return count;
}

describe("Messages", () => {
  const { decode, encode } = countingOf(anthropic);

  test("needs no max_tokens, and makes nothing of one", () => {
    for (const max_tokens of [undefined, 10, 0, "many"]) {
      const { request, warnings } = decode({ model: "opus", messages, max_tokens, stream: true }, context);
      expect(request).toEqual({
        model: "opus",
        system: [],
        messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
      });
      expect(warnings).toEqual([]);
    }
  });

  test("takes a budget of any size, and what counts beside the messages", () => {
    const asked = {
      thinking: { type: "enabled", budget_tokens: 100_000 },
      tools: [{ name: "f", input_schema: { type: "object" } }],
      tool_choice: { type: "any" },
      output_config: { format: { type: "json_schema", schema: { type: "object" } } },
    };
    const { request } = decode({ model: "opus", messages, system: "Be brief.", ...asked }, context);
    expect(request).toMatchObject({ ...asked, system: [{ type: "text", text: "Be brief." }] });
  });

  test("is of the same conversation as a request without the beta of counting", () => {
    const headers = new Headers({ "anthropic-beta": "context-1m-2025-08-07,token-counting-2024-11-01" });
    const { request } = decode({ model: "opus", messages }, { ...context, headers });
    expect(request.betas).toEqual(["context-1m-2025-08-07"]);
  });

  test("warns and refuses as a request", () => {
    expect(decode({ model: "opus", messages, diagnostics: {} }, context).warnings).toEqual(["diagnostics ignored"]);
    for (const body of [undefined, [], "text", { model: "opus" }, { messages }])
      expect(() => decode(body, context)).toThrow(ProxyError);
  });

  test("answers as the SDK's types have it", () => {
    expect(encode(7)).toEqual({ input_tokens: 7 } satisfies MessageTokensCount);
  });
});

describe("Responses", () => {
  const { decode, encode } = countingOf(responses);

  test("is not stored, whether it could be or not", () => {
    const memory = createMemory();
    memory.responses.fault = () => new ProxyError("upstream", "The disk is full.");
    const { request, warnings } = decode(
      { model: "opus", input: "Hi", store: true, stream: true },
      remembering(memory),
    );
    expect(request.messages).toEqual([{ role: "user", content: [{ type: "text", text: "Hi" }] }]);
    expect(warnings).toEqual([]);
    expect(memory.stored.size).toBe(0);
  });

  test("refuses as a request", () => {
    for (const body of [undefined, [], "text", { model: "opus" }, { input: "Hi" }])
      expect(() => decode(body, context)).toThrow(ProxyError);
    for (const body of [null, []])
      expect(() => decode(body, context)).toThrow("the request body: Input should be a valid object");
  });

  test("answers as the SDK's types have it", () => {
    const answer = { object: "response.input_tokens", input_tokens: 7 } satisfies InputTokenCountResponse;
    expect(encode(7)).toEqual(answer);
  });
});

test("Chat Completions has no such route", () => {
  expect(chat.count).toBeUndefined();
});
