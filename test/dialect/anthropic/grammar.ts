import { expect } from "bun:test";
import type { SseMessage } from "../../../src/dialect/dialect.ts";
import { expectTypes } from "../types.ts";

interface WireEvent {
  type: string;
  index: number;
  message: Record<string, unknown>;
  content_block: { type: string; [field: string]: unknown };
  delta: { type: string; [field: string]: unknown };
  usage: Record<string, unknown>;
  [field: string]: unknown;
}

/** The field of each delta, and the block that it belongs in. */
const deltas: Readonly<Record<string, readonly [block: string, field: string]>> = {
  text_delta: ["text", "text"],
  citations_delta: ["text", "citation"],
  thinking_delta: ["thinking", "thinking"],
  signature_delta: ["thinking", "signature"],
  input_json_delta: ["tool_use", "partial_json"],
};

/**
 * Fails where a stream leaves the grammar of api-dialects 1.3: names, order, numbers and types. Gives how it ended. An
 * independent reading of the specification, not of the encoder.
 */
export function expectGrammar(messages: readonly SseMessage[]): "whole" | "error" {
  const events = messages.map(({ data }) => JSON.parse(data) as WireEvent);
  expect(messages.map(({ event }) => event)).toEqual(events.map(({ type }) => type));
  const rest = events.filter(({ type }) => type !== "ping");
  if (rest.at(-1)?.type === "error") {
    expectError(rest.pop()?.["error"]);
    expect(readEvents(rest)).not.toBe("stopped");
    return "error";
  }
  expect(readEvents(rest)).toBe("stopped");
  return "whole";
}

export function expectError(error: unknown): void {
  expectTypes(error as object, { type: "string", message: "string" });
}

/** The fields that every message has, whole or as it begins. */
export function expectMessage(message: Record<string, unknown>): void {
  expect(message).toMatchObject({ type: "message", role: "assistant" });
  expectTypes(message, { id: "string", model: "string", content: "array", usage: "object" });
  expectTypes(message["usage"] as object, { input_tokens: "number", output_tokens: "number" });
}

function readEvents(events: readonly WireEvent[]): string {
  let state = "nothing";
  let block: string | undefined;
  let count = 0;
  for (const { type, index, ...event } of events) {
    switch (type) {
      case "message_start":
        expect(state).toBe("nothing");
        expectMessage(event.message);
        expect(event.message).toMatchObject({ content: [], stop_reason: null, stop_sequence: null });
        state = "begun";
        break;
      case "content_block_start":
        expect([state, block, index]).toEqual(["begun", undefined, count++]);
        block = event.content_block.type;
        expectBlock(event.content_block);
        break;
      case "content_block_delta": {
        const [home, field] = deltas[event.delta.type] ?? [];
        expect([state, block, index]).toEqual(["begun", home, count - 1]);
        if (field !== "citation") expect(event.delta[field ?? ""]).toBeString();
        break;
      }
      case "content_block_stop":
        expect([state, block !== undefined, index]).toEqual(["begun", true, count - 1]);
        block = undefined;
        break;
      case "message_delta":
        expect([state === "nothing", block]).toEqual([false, undefined]);
        expectTypes(event.delta, { stop_reason: "string" });
        expectTypes(event.usage, { output_tokens: "number" });
        state = "reasoned";
        break;
      case "message_stop":
        expect(state).toBe("reasoned");
        state = "stopped";
        break;
      default:
        throw new Error(`The API has no event ${type}`);
    }
  }
  return state;
}

const fields = {
  text: { text: "string" },
  thinking: { thinking: "string", signature: "string" },
  redacted_thinking: { data: "string" },
  tool_use: { id: "string", name: "string", input: "object" },
} as const;

/** A content block of an answer. */
export function expectBlock({ type, ...block }: { type: string; [field: string]: unknown }): void {
  expect(Object.keys(fields)).toContain(type);
  expectTypes(block, fields[type as keyof typeof fields]);
}
