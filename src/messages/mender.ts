import type { Emit, Step } from "./through.ts";
import type { BlockDelta, MessageEvent } from "./types.ts";

type DeltaEvent = Extract<MessageEvent, { type: "content_block_delta" }>;

/**
 * Mends the texts of an answer on their way: a character that was cut between two deltas comes whole with the second,
 * and half a one becomes U+FFFD. Every text that leaves is well-formed.
 */
export class Mender implements Step<MessageEvent, MessageEvent> {
  /** The first half of a character at the end of a delta, which waits for the second. */
  #half: DeltaEvent | undefined;

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    const text = event.type === "content_block_delta" ? textOf(event.delta) : undefined;
    if (event.type !== "content_block_delta" || text === undefined) {
      if (this.#half !== undefined) emit(withText(this.#half, "\ufffd"));
      this.#half = undefined;
      return emit(event);
    }
    if (this.#half === undefined && text.isWellFormed()) return emit(event);

    const whole = this.#half === undefined ? text : textOf(this.#half.delta) + text;
    const end = /[\ud800-\udbff]$/.test(whole) ? whole.length - 1 : whole.length;
    this.#half = end < whole.length ? withText(event, whole.slice(end)) : undefined;
    if (end > 0) emit(withText(event, whole.slice(0, end).toWellFormed()));
  }
}

/** The text of a delta; undefined where there is none. */
function textOf(delta: BlockDelta): string | undefined {
  if (delta.type === "text_delta") return delta.text;
  if (delta.type === "thinking_delta") return delta.thinking;
  return delta.type === "input_json_delta" ? delta.partial_json : undefined;
}

function withText(event: DeltaEvent, text: string): DeltaEvent {
  const { type } = event.delta;
  if (type === "text_delta") return { ...event, delta: { type, text } };
  if (type === "thinking_delta") return { ...event, delta: { type, thinking: text } };
  return type === "input_json_delta" ? { ...event, delta: { type, partial_json: text } } : event;
}
