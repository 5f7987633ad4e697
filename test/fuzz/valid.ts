/** What every answer of Sluice is: of its dialect's shape, or that dialect's error. */

import { expect } from "bun:test";
import { readSse, type SseMessage } from "../../src/wire/sse.ts";
import * as anthropic from "../dialect/anthropic/grammar.ts";
import * as chat from "../dialect/chat/grammar.ts";
import * as responses from "../dialect/responses/grammar.ts";
import { expectTypes } from "../dialect/types.ts";
import type { Answer } from "../golden/answers.ts";
import type { DialectName } from "../golden/requests.ts";
import { flat } from "../support/flat.ts";

type Json = Record<string, any>;

/** Fails where an answer is not valid in its dialect. Gives how it ended. */
export async function expectAnswer(dialect: DialectName, answer: Answer): Promise<"whole" | "error"> {
  const { status, headers, body } = answer;
  if (headers["content-type"]?.startsWith("text/event-stream")) {
    expect(status).toBe(200);
    return expectStream(dialect, await messagesIn(body));
  }
  expect(headers["content-type"]).toStartWith("application/json");
  const json = JSON.parse(`${body}`) as Json;
  if (status !== 200) {
    expectEnvelope(dialect, answer);
    return "error";
  }
  whole[dialect](json);
  return "whole";
}

/** The messages of a stream. Nothing of it may be half a frame. */
export async function messagesIn(body: Buffer): Promise<SseMessage[]> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  expect(text).toEndWith("\n\n");
  return Array.fromAsync(flat(readSse(new Blob([text]).stream(), { maxEvent: Infinity })));
}

function expectStream(dialect: DialectName, messages: SseMessage[]): "whole" | "error" {
  if (dialect === "anthropic") return anthropic.expectGrammar(messages);
  if (dialect === "chat") return chat.expectGrammar(messages);
  responses.expectGrammar(messages);
  return messages.some(({ event }) => event === "error") ? "error" : "whole";
}

/** Fails where a refusal has another envelope than its dialect's, or is a bug of ours. */
export function expectEnvelope(dialect: DialectName, { status, headers, body }: Answer): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(`${body}`).not.toContain("Sluice failed on this request");
  const { error, ...rest } = JSON.parse(`${body}`) as Json;
  if (dialect === "anthropic") {
    anthropic.expectError(error);
    expect(Object.keys(rest)).toEqual(["type", "request_id"]);
    expect([rest["type"], headers["request-id"] ?? rest["request_id"]]).toEqual(["error", rest["request_id"]]);
  } else {
    chat.expectError(error);
    expect(rest).toEqual({});
  }
}

const whole: Record<DialectName, (answer: Json) => void> = {
  anthropic: (answer) => {
    anthropic.expectMessage(answer);
    expect(answer["stop_reason"]).toBeString();
    for (const block of answer["content"]) anthropic.expectBlock(block);
  },
  chat: (answer) => {
    expect(answer["id"]).toStartWith("chatcmpl-");
    expect(answer["object"]).toBe("chat.completion");
    expectTypes(answer, { created: "number", model: "string", choices: "array", usage: "object" });
    expectTypes(answer["usage"], { prompt_tokens: "number", total_tokens: "number" });
    const [{ message, finish_reason }] = answer["choices"];
    expect(answer["choices"]).toHaveLength(1);
    expect(chat.finishReasons).toContain(finish_reason);
    if (message.content !== null) expect(message.content).toBeString();
    for (const call of message.tool_calls ?? []) expect(JSON.parse(call.function.arguments)).toBeObject();
  },
  responses: (answer) => responses.expectResponse(answer),
};
