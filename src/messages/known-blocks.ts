import { Mender } from "./mender.ts";
import type { Emit, Step } from "./through.ts";
import type { MessageEvent } from "./types.ts";

/** What an answer may consist of; a newer type, which no client knows, is left out. */
export const blockTypes: ReadonlySet<string> = new Set(["text", "thinking", "redacted_thinking", "tool_use"]);
export const deltaTypes: ReadonlySet<string> = new Set([
  "text_delta",
  "input_json_delta",
  "thinking_delta",
  "signature_delta",
  "citations_delta",
]);

type BlockEvent = Extract<MessageEvent, { index: number }>;

/** The blocks of one answer as clients know them: newer types are left out, the rest is numbered 0, 1, 2 …, and mended. */
export class KnownBlocks implements Step<BlockEvent, MessageEvent> {
  /** Upstream block index → ours. */
  readonly #indices = new Map<number, number>();
  readonly #mender = new Mender();
  #count = 0;

  /** How many there are so far. */
  get count(): number {
    return this.#count;
  }

  take(event: BlockEvent, emit: Emit<MessageEvent>): void {
    if (event.type === "content_block_start") {
      if (!blockTypes.has(event.content_block.type)) return;
      this.#indices.set(event.index, this.#count++);
    }
    if (event.type === "content_block_delta" && !deltaTypes.has(event.delta.type)) return;
    const index = this.#indices.get(event.index);
    if (index === undefined) return;
    this.#mender.take(index === event.index ? event : { ...event, index }, emit);
  }
}
