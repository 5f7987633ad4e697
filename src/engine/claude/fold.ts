import { deltasOf, emptied } from "../../messages/blocks.ts";
import { Mender } from "../../messages/mender.ts";
import { madeOf } from "../../messages/through.ts";
import type { AnswerBlock, AnswerMessage, BlockDelta, MessageEvent, Usage } from "../../messages/types.ts";
import { completeUsage, updateUsage } from "../../messages/usage.ts";

/** How an answer ends. */
export type Stop = Extract<MessageEvent, { type: "message_delta" }>["delta"];

/**
 * Several messages of the upstream as one: the first one's start, the blocks of all, numbered anew, the sum of their
 * usage. What is inserted waits until the open block is closed, so blocks never interleave.
 */
export class Fold {
  /** Kept back until a block follows: a failure before that still has its own status. */
  #start: AnswerMessage | undefined;
  #begun = false;
  #count = 0;
  #open = false;
  #waiting: AnswerBlock[] = [];
  /** The usage of the messages before this one. */
  #earlier: Usage | undefined;
  #usage: Usage | undefined;
  #lastText = "";
  readonly #mender = new Mender();

  /** Whether there is a message to answer with. */
  get started(): boolean {
    return this.#start !== undefined;
  }

  /** Whether more text would run into the words before it. */
  get midLine(): boolean {
    return this.#lastText !== "" && !/\s$/.test(this.#lastText);
  }

  /** A further message of the upstream. Also one that breaks off has its price. */
  message(message: AnswerMessage): void {
    const usage = completeUsage(message.usage);
    this.#start ??= { ...message, usage };
    this.#earlier = this.#sum();
    this.#usage = usage;
  }

  /** What was used besides these messages. */
  spend(usage: Partial<Usage>): void {
    this.#earlier = add(this.#earlier, usage) as Usage;
  }

  /** What the upstream says of this message's usage. */
  count(usage: Partial<Usage>): void {
    if (this.#usage) this.#usage = updateUsage(this.#usage, usage);
  }

  open(block: AnswerBlock): MessageEvent[] {
    const events = [...this.#begin(), ...this.#flush(), this.#opening(block)];
    this.#open = true;
    return events;
  }

  delta(delta: BlockDelta): MessageEvent[] {
    if (delta.type === "text_delta") this.#lastText = delta.text || this.#lastText;
    return madeOf(this.#mender, { type: "content_block_delta", index: this.#count - 1, delta });
  }

  close(): MessageEvent[] {
    this.#open = false;
    return [...madeOf(this.#mender, { type: "content_block_stop", index: this.#count - 1 }), ...this.#flush()];
  }

  /** Adds a whole block of our own, as soon as there is room for it. */
  insert(block: AnswerBlock): MessageEvent[] {
    this.#waiting.push(block);
    return this.#open || !this.started ? [] : [...this.#begin(), ...this.#flush()];
  }

  end(delta: Stop): MessageEvent[] {
    const usage = this.#sum() ?? {};
    return [...this.#begin(), ...this.#flush(), { type: "message_delta", delta, usage }, { type: "message_stop" }];
  }

  #begin(): MessageEvent[] {
    if (this.#begun || !this.#start) return [];
    this.#begun = true;
    // The API repeats all counts at the end but this one: a part of it would pass for the whole.
    const usage = { ...this.#start.usage, cache_creation: null };
    const message = { ...this.#start, usage, content: [], stop_reason: null, stop_sequence: null };
    return [{ type: "message_start", message }];
  }

  #flush(): MessageEvent[] {
    const blocks = this.#waiting;
    this.#waiting = [];
    return blocks.flatMap((block) => [
      this.#opening(emptied(block)),
      ...deltasOf(block).flatMap((delta) => this.delta(delta)),
      ...madeOf(this.#mender, { type: "content_block_stop", index: this.#count - 1 }),
    ]);
  }

  #opening(content_block: AnswerBlock): MessageEvent {
    return { type: "content_block_start", index: this.#count++, content_block };
  }

  #sum(): Usage | undefined {
    return add(this.#earlier, this.#usage) as Usage | undefined;
  }
}

/** Adds up numbers, however deep, and lists; of everything else the later one holds. */
function add(earlier: unknown, later: unknown): unknown {
  if (typeof earlier === "number" && typeof later === "number") return earlier + later;
  if (Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later];
  if (!isRecord(earlier) || !isRecord(later)) return later ?? earlier;
  const sums = Object.entries(later).map(([key, value]) => [key, add(earlier[key], value)]);
  return { ...earlier, ...Object.fromEntries(sums) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
