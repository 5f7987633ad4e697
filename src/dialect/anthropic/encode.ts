import type { AnswerBlock, AnswerMessage, MessageEvent, StopDetails, StopReason } from "../../messages/types.ts";
import type { Encoder, SseMessage } from "../dialect.ts";
import { errorObject } from "./errors.ts";

/**
 * Canonical events back as the Messages API's own (api-dialects 1.2, 1.3). They are the same but for the model, which
 * is answered as the client spelled it, and for keys that clients want absent where they have nothing to say.
 */
export function createEncoder(model: string): Encoder {
  return {
    event: (event) => [toSse(toWire(event, model))],
    error: (error) => [toSse({ type: "error", error: errorObject(error) })],
    whole: (message) => toMessage(message, model),
  };
}

interface WireEvent {
  type: string;
  [field: string]: unknown;
}

function toSse(wire: WireEvent): SseMessage {
  return { event: wire.type, data: JSON.stringify(wire) };
}

function toWire(event: MessageEvent, model: string): WireEvent {
  switch (event.type) {
    case "message_start":
      return { type: event.type, message: toMessage(event.message, model) };
    case "content_block_start":
      return { type: event.type, index: event.index, content_block: withoutNulls(event.content_block) };
    case "message_delta":
      return { type: event.type, delta: toStop(event.delta), usage: event.usage };
    default:
      return event;
  }
}

function toMessage(message: AnswerMessage, model: string) {
  const { id, type, role, content, usage } = message;
  return { id, type, role, model, content: content.map(withoutNulls), ...toStop(message), usage };
}

interface Stop {
  stop_reason: StopReason | null;
  stop_sequence: string | null;
  stop_details?: StopDetails | null | undefined;
}

function toStop({ stop_reason, stop_sequence, stop_details }: Stop) {
  return { stop_reason, stop_sequence, ...(stop_details && { stop_details }) };
}

// `citations: null` and `caller: null` are legal in the API's types, and break clients that read them.
function withoutNulls(block: AnswerBlock) {
  return Object.fromEntries(Object.entries(block).filter(([, value]) => value !== null));
}
