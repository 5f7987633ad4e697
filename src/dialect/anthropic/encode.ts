import type { ProxyError } from "../../error.ts";
import type { AnswerBlock, AnswerMessage, MessageEvent, StopReason, Usage } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";
import type { Encoder, Say, StreamEncoder } from "../dialect.ts";
import { errorObject } from "./errors.ts";

/**
 * Canonical events back as the Messages API's own (api-dialects 1.2, 1.3). They are the same but for the model, which
 * is answered as the client spelled it, and for the keys: those that the API's types require are there, null where
 * nothing is known, and those that clients want absent where they have nothing to say are absent.
 */
export function createEncoder(model: string): Encoder {
  return { stream: (say) => new EventEncoder(model, say), whole: (message) => toMessage(message, model) };
}

class EventEncoder implements StreamEncoder {
  #usage = noUsage;

  constructor(
    readonly model: string,
    readonly say: Say,
  ) {}

  event(event: MessageEvent): void {
    this.#tell(this.#encode(event));
  }

  error(error: ProxyError): void {
    this.#tell({ type: "error", error: errorObject(error) });
  }

  #tell(wire: WireEvent): void {
    this.say(JSON.stringify(wire), wire.type);
  }

  #encode(event: MessageEvent): WireEvent {
    switch (event.type) {
      case "message_start":
        this.#usage = event.message.usage;
        return { type: event.type, message: toMessage(event.message, this.model) };
      case "content_block_start":
        return { type: event.type, index: event.index, content_block: toBlock(event.content_block) };
      case "message_delta":
        this.#usage = updateUsage(this.#usage, event.usage);
        return { type: event.type, delta: toStop(event.delta), usage: toDeltaUsage(this.#usage, event.usage) };
      default:
        return event;
    }
  }
}

export type WireEvent =
  | { type: "message_start"; message: WireMessage }
  | { type: "content_block_start"; index: number; content_block: WireBlock }
  | { type: "message_delta"; delta: WireStop; usage: WireDeltaUsage }
  | { type: "error"; error: ReturnType<typeof errorObject> }
  | Extract<MessageEvent, { type: "ping" | "content_block_delta" | "content_block_stop" | "message_stop" }>;

export type WireMessage = ReturnType<typeof toMessage>;
export type WireBlock = ReturnType<typeof toBlock>;
export type WireStop = ReturnType<typeof toStop>;
export type WireDeltaUsage = ReturnType<typeof toDeltaUsage>;

function toMessage(message: AnswerMessage, model: string) {
  const { id, type, role, content, usage } = message;
  const blocks = content.map(toBlock);
  return { id, type, role, model, content: blocks, ...toStop(message), diagnostics: null, usage: toUsage(usage) };
}

interface Stop {
  stop_reason: StopReason | null;
  stop_sequence: string | null;
  stop_details?: AnswerMessage["stop_details"];
}

function toStop({ stop_reason, stop_sequence, stop_details }: Stop) {
  const details = stop_details && {
    ...stop_details,
    category: stop_details.category ?? null,
    explanation: stop_details.explanation ?? null,
  };
  return { stop_reason, stop_sequence, stop_details: details ?? null, container: null };
}

// `citations: null` and `caller: null` are legal in the API's types, and break clients that read them.
function toBlock(block: AnswerBlock) {
  const told = Object.fromEntries(
    Object.entries(block).filter(([, value]) => value !== null),
  ) as unknown as AnswerBlock;
  return told.type === "tool_use" ? { ...told, caller: told.caller ?? { type: "direct" as const } } : told;
}

function toUsage(usage: Usage) {
  return {
    ...usage,
    cache_creation: usage.cache_creation ?? null,
    output_tokens_details: usage.output_tokens_details ?? null,
    server_tool_use: usage.server_tool_use ?? null,
    service_tier: usage.service_tier ?? null,
    inference_geo: usage.inference_geo ?? null,
    speed: usage.speed ?? null,
  };
}

/** What the upstream says at the end, with the counters that it does not repeat: all of them are cumulative. */
function toDeltaUsage(usage: Usage, told: Partial<Usage>) {
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  return {
    ...told,
    input_tokens,
    cache_creation_input_tokens,
    cache_read_input_tokens,
    output_tokens,
    output_tokens_details: usage.output_tokens_details ?? null,
    server_tool_use: usage.server_tool_use ?? null,
  };
}
