import type { AnswerBlock, ContentBlock, Message, MessagesRequest, Tool, ToolUseBlock } from "../../messages/types.ts";

/**
 * The key of a conversation: what must be equal for a process that holds one conversation to serve the next turn of
 * another. It covers model, system prompt, tools and every message, in a form in which messages are equal when they are
 * provably the same: clients replay what they were sent without its thinking, with ids of their own, with the text parts
 * of an answer joined and its trailing blanks trimmed, and with the keys of objects in another order.
 */
export class Fingerprint {
  readonly #hash: Bun.CryptoHasher;
  /** The calls so far: which one an id means, and how many there were. Clients may use an id again. */
  readonly #calls: Map<string, number>;
  #count: number;

  private constructor(hash: Bun.CryptoHasher, calls: Map<string, number>, count: number) {
    this.#hash = hash;
    this.#calls = calls;
    this.#count = count;
  }

  /** The key of a request's model, system prompt and tools, with no message yet. `model` is the full id. */
  static of({ system, tools = [] }: MessagesRequest, model: string): Fingerprint {
    const hash = new Bun.CryptoHasher("sha256");
    const parts = [model, system.map(({ text }) => text), tools.map(identity)];
    return new Fingerprint(hash.update(JSON.stringify(parts)), new Map(), 0);
  }

  /** The key of the conversation with these messages behind it. */
  with(messages: readonly Message[]): Fingerprint {
    const next = new Fingerprint(this.#hash.copy(), new Map(this.#calls), this.#count);
    for (const { role, content } of messages) {
      next.#hash.update(role === "assistant" ? next.#answer(content) : next.#question(content));
    }
    return next;
  }

  get key(): string {
    return this.#hash.copy().digest("base64");
  }

  #question(content: readonly ContentBlock[]): string {
    return `user ${JSON.stringify(content.map((block) => this.#block(block)))}\n`;
  }

  /** Text and calls apart: a dialect with one text per answer does not tell where in it a call stood. */
  #answer(content: readonly (ContentBlock | AnswerBlock)[]): string {
    const text = content.map((block) => (block.type === "text" ? block.text : "")).join("");
    const calls = content.filter((block) => block.type === "tool_use");
    for (const { id } of calls) this.#calls.set(id, this.#count++);
    const named = calls.map(({ name, input }: ToolUseBlock) => [name, sorted(input)]);
    return `assistant ${JSON.stringify([text.trimEnd(), named])}\n`;
  }

  #block(block: ContentBlock): unknown {
    if (block.type === "text") return block.text;
    const { cache_control: _, ...rest } = block as ContentBlock & { cache_control?: unknown };
    if (rest.type !== "tool_result") return sorted(rest);
    const { tool_use_id, content, is_error = false } = rest;
    // Ids may be the client's own: what counts is which of the calls it answers.
    return [this.#calls.get(tool_use_id) ?? tool_use_id, content.map((part) => this.#block(part)), is_error];
  }
}

/** A tool without what may be another in each turn: how its input is streamed is told anew, with the settings. */
function identity({ eager_input_streaming: _eager, ...tool }: Tool): unknown {
  return sorted(tool);
}

/** A value with the keys of its objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, field]) => [key, sorted(field)]));
}
