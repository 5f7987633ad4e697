/** Output items while they are told: what each kind says at its start, for each piece, and at its end (api-dialects 3.3). */

import type { AnswerItem, CallItem, ItemStatus, OutputItem, OutputPart, ReasoningItem, SummaryPart } from "./items.ts";
import { mintItemId } from "./items.ts";

/** An event about what is in an item, without what all of them carry. */
export type ItemEvent =
  | { type: "response.content_part.added" | "response.content_part.done"; content_index: 0; part: OutputPart }
  | { type: "response.output_text.delta"; content_index: 0; delta: string; logprobs: [] }
  | { type: "response.output_text.done"; content_index: 0; text: string; logprobs: [] }
  | { type: "response.refusal.delta"; content_index: 0; delta: string }
  | { type: "response.refusal.done"; content_index: 0; refusal: string }
  | { type: "response.function_call_arguments.delta"; delta: string }
  | { type: "response.function_call_arguments.done"; name: string; arguments: string }
  | {
      type: "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done";
      summary_index: 0;
      part: SummaryPart;
    }
  | { type: "response.reasoning_summary_text.delta"; summary_index: 0; delta: string }
  | { type: "response.reasoning_summary_text.done"; summary_index: 0; text: string };

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

  begun(): AnswerItem {
    return { id: this.id, type: "message", status: "in_progress", role: "assistant", content: [] };
  }

  start(): ItemEvent[] {
    return [{ type: "response.content_part.added", content_index: 0, part: textPart("") }];
  }

  piece(delta: string): ItemEvent[] {
    this.#text += delta;
    return [{ type: "response.output_text.delta", content_index: 0, delta, logprobs: [] }];
  }

  end(): ItemEvent[] {
    return [
      { type: "response.output_text.done", content_index: 0, text: this.#text, logprobs: [] },
      { type: "response.content_part.done", content_index: 0, part: textPart(this.#text) },
    ];
  }

  done(status: ItemStatus): AnswerItem {
    return { ...this.begun(), status, content: [textPart(this.#text)] };
  }
}

/** Why the model will not answer. */
export class OpenRefusal implements OpenItem {
  #refusal = "";

  constructor(readonly id = mintItemId("message")) {}

  begun(): AnswerItem {
    return { id: this.id, type: "message", status: "in_progress", role: "assistant", content: [] };
  }

  start(): ItemEvent[] {
    return [{ type: "response.content_part.added", content_index: 0, part: { type: "refusal", refusal: "" } }];
  }

  piece(delta: string): ItemEvent[] {
    this.#refusal += delta;
    return [{ type: "response.refusal.delta", content_index: 0, delta }];
  }

  end(): ItemEvent[] {
    const refusal = this.#refusal;
    return [
      { type: "response.refusal.done", content_index: 0, refusal },
      { type: "response.content_part.done", content_index: 0, part: { type: "refusal", refusal } },
    ];
  }

  done(status: ItemStatus): AnswerItem {
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
    return [{ type: "response.function_call_arguments.delta", delta }];
  }

  end(): ItemEvent[] {
    // A call without arguments streams none, but clients parse what they get.
    const none = this.#arguments === "" ? this.piece("{}") : [];
    return [...none, { type: "response.function_call_arguments.done", name: this.name, arguments: this.#arguments }];
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
    const told: ItemEvent = { type: "response.reasoning_summary_text.delta", summary_index: 0, delta };
    if (!first) return [told];
    return [{ type: "response.reasoning_summary_part.added", summary_index: 0, part: summaryPart("") }, told];
  }

  end(): ItemEvent[] {
    const text = this.#thinking;
    if (text === "") return [];
    return [
      { type: "response.reasoning_summary_text.done", summary_index: 0, text },
      { type: "response.reasoning_summary_part.done", summary_index: 0, part: summaryPart(text) },
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

function textPart(text: string): OutputPart {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function summaryPart(text: string): SummaryPart {
  return { type: "summary_text", text };
}
