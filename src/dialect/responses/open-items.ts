/** Output items while they are told: what each kind says at its start, for each piece, and at its end (api-dialects 3.3). */

import type { CallItem, ItemStatus, MessageItem, OutputItem, ReasoningItem } from "./items.ts";
import { mintItemId } from "./items.ts";

/** An event about an item, without what all of them carry. */
export type ItemEvent = readonly [type: string, fields: Readonly<Record<string, unknown>>];

export interface OpenItem {
  readonly id: string;
  /** The item before it says anything. */
  begun(): OutputItem;
  start(): ItemEvent[];
  piece(delta: string): ItemEvent[];
  end(): ItemEvent[];
  /** The item with all that it has said. */
  done(status: ItemStatus): OutputItem;
}

/** A text: a message of its own for each block, so that text, call, text stays in its order. */
export class OpenText implements OpenItem {
  #text = "";

  constructor(readonly id = mintItemId("message")) {}

  begun(): MessageItem {
    return { id: this.id, type: "message", status: "in_progress", role: "assistant", content: [] };
  }

  start(): ItemEvent[] {
    return [["response.content_part.added", { content_index: 0, part: textPart("") }]];
  }

  piece(delta: string): ItemEvent[] {
    this.#text += delta;
    return [["response.output_text.delta", { content_index: 0, delta, logprobs: [] }]];
  }

  end(): ItemEvent[] {
    return [
      ["response.output_text.done", { content_index: 0, text: this.#text, logprobs: [] }],
      ["response.content_part.done", { content_index: 0, part: textPart(this.#text) }],
    ];
  }

  done(status: ItemStatus): MessageItem {
    return { ...this.begun(), status, content: [textPart(this.#text)] };
  }
}

/** Why the model will not answer. */
export class OpenRefusal implements OpenItem {
  #refusal = "";

  constructor(readonly id = mintItemId("message")) {}

  begun(): MessageItem {
    return { id: this.id, type: "message", status: "in_progress", role: "assistant", content: [] };
  }

  start(): ItemEvent[] {
    return [["response.content_part.added", { content_index: 0, part: { type: "refusal", refusal: "" } }]];
  }

  piece(delta: string): ItemEvent[] {
    this.#refusal += delta;
    return [["response.refusal.delta", { content_index: 0, delta }]];
  }

  end(): ItemEvent[] {
    const refusal = this.#refusal;
    return [
      ["response.refusal.done", { content_index: 0, refusal }],
      ["response.content_part.done", { content_index: 0, part: { type: "refusal", refusal } }],
    ];
  }

  done(status: ItemStatus): MessageItem {
    return { ...this.begun(), status, content: [{ type: "refusal", refusal: this.#refusal }] };
  }
}

export class OpenCall implements OpenItem {
  #arguments = "";

  constructor(
    readonly call_id: string,
    readonly name: string,
    readonly id = mintItemId("function_call"),
  ) {}

  /** The arguments so far. */
  get arguments(): string {
    return this.#arguments;
  }

  begun(): CallItem {
    const { id, call_id, name } = this;
    return { id, type: "function_call", status: "in_progress", call_id, name, arguments: "" };
  }

  start(): ItemEvent[] {
    return [];
  }

  piece(delta: string): ItemEvent[] {
    this.#arguments += delta;
    return [["response.function_call_arguments.delta", { delta }]];
  }

  end(): ItemEvent[] {
    // A call without arguments streams none, but clients parse what they get.
    const none = this.#arguments === "" ? this.piece("{}") : [];
    return [...none, ["response.function_call_arguments.done", { name: this.name, arguments: this.#arguments }]];
  }

  done(status: ItemStatus): CallItem {
    return { ...this.begun(), status, arguments: this.#arguments };
  }
}

export class OpenReasoning implements OpenItem {
  #thinking = "";
  /** Thinking and signature, sealed; known at the end. */
  sealed: string | undefined;

  constructor(readonly id = mintItemId("reasoning")) {}

  /** The thinking so far. */
  get thinking(): string {
    return this.#thinking;
  }

  begun(): ReasoningItem {
    return { id: this.id, type: "reasoning", summary: [] };
  }

  start(): ItemEvent[] {
    return [];
  }

  piece(delta: string): ItemEvent[] {
    const first = this.#thinking === "";
    this.#thinking += delta;
    return [
      ...(first
        ? [["response.reasoning_summary_part.added", { summary_index: 0, part: summaryPart("") }] as const]
        : []),
      ["response.reasoning_summary_text.delta", { summary_index: 0, delta }],
    ];
  }

  end(): ItemEvent[] {
    const text = this.#thinking;
    if (text === "") return [];
    return [
      ["response.reasoning_summary_text.done", { summary_index: 0, text }],
      ["response.reasoning_summary_part.done", { summary_index: 0, part: summaryPart(text) }],
    ];
  }

  done(): ReasoningItem {
    return {
      ...this.begun(),
      summary: this.#thinking === "" ? [] : [summaryPart(this.#thinking)],
      ...(this.sealed !== undefined && { encrypted_content: this.sealed }),
    };
  }
}

function textPart(text: string) {
  return { type: "output_text" as const, text, annotations: [], logprobs: [] };
}

function summaryPart(text: string) {
  return { type: "summary_text" as const, text };
}
