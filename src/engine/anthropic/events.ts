import { ProxyError } from "../../error.ts";
import { KnownBlocks } from "../../messages/known-blocks.ts";
import type { ToolNames } from "../../messages/tool-names.ts";
import { type Emit, type Step, through } from "../../messages/through.ts";
import type { AnswerBlock, MessageEvent } from "../../messages/types.ts";
import { completeUsage } from "../../messages/usage.ts";
import { readEvent } from "../event-schema.ts";
import { SseReader } from "../../wire/sse.ts";
import { streamFailure } from "./failures.ts";

/** More than any event of the API has (bytes). */
const maxEvent = 32 * 1024 ** 2;

/** The events of an answer's stream as the canonical ones. Throws a ProxyError where the stream ends before its end. */
export function readEvents(
  body: AsyncIterable<readonly Uint8Array[]>,
  names: ToolNames,
): AsyncGenerator<readonly MessageEvent[]> {
  return through(body, new EventReader(names));
}

class EventReader implements Step<Uint8Array, MessageEvent> {
  readonly #messages = new SseReader(maxEvent);
  readonly #blocks = new KnownBlocks();
  #started = false;
  ended = false;

  constructor(readonly names: ToolNames) {}

  take(bytes: Uint8Array, emit: Emit<MessageEvent>): void {
    this.#messages.read(bytes, (data) => {
      if (!this.ended) this.#read(data, emit);
    });
  }

  finish(): void {
    throw new ProxyError("upstream", "The upstream broke off in the middle of the answer.");
  }

  #read(data: string, emit: Emit<MessageEvent>): void {
    const event = parse(data) as MessageEvent | { type: "error" };
    switch (event.type) {
      case "error":
        throw streamFailure(event);
      case "message_start":
        this.#started = true;
        return emit({ ...event, message: { ...event.message, usage: completeUsage(event.message.usage) } });
      case "content_block_start":
        return this.#blocks.take({ ...event, content_block: this.#forClient(event.content_block) }, emit);
      case "content_block_delta":
      case "content_block_stop":
        return this.#blocks.take(event, emit);
      case "message_delta":
        // Without a reason it is not the end yet.
        if (event.delta.stop_reason) emit({ ...event, usage: event.usage ?? {} });
        return;
      case "message_stop":
        this.ended = true;
        return emit(event);
      case "ping":
        // Before the start it would stand for a good answer, which may yet be an error.
        if (this.#started) emit(event);
    }
  }

  /** A call under the client's own name for the tool. */
  #forClient(block: AnswerBlock): AnswerBlock {
    return block.type === "tool_use" ? { ...block, name: this.names.clientName(block.name) ?? block.name } : block;
  }
}

/** A delta of text as the API spells it, and nothing in it escaped. */
const textDelta =
  /^\{"type":"content_block_delta","index":(0|[1-9]\d{0,8}),"delta":\{"type":"text_delta","text":"([ !#-[\]-\uffff]*)"\} *\}$/;

function parse(data: string): MessageEvent {
  // What most events are: found so in less than half the time.
  const [, index, text] = textDelta.exec(data) ?? [];
  if (text !== undefined)
    return { type: "content_block_delta", index: Number(index), delta: { type: "text_delta", text } };
  let event: unknown;
  try {
    event = JSON.parse(data);
  } catch {
    throw new ProxyError("upstream", "The upstream sent an event that is not JSON.");
  }
  return readEvent(event);
}
