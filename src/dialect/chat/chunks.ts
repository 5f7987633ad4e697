import type { BlockDelta, MessageEvent, StopReason } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";
import type { CallDelta, CallSpelling } from "./calls.ts";
import { type FinishReason, finishReason, refusalText } from "./stop.ts";
import { encodeUsage } from "./usage.ts";

/** What every chunk of one answer repeats. */
export interface AnswerHead {
  id: string;
  created: number;
  model: string;
}

/** A chunk of a completion. It is written in parts, each of which is held to its type. */
export interface Chunk extends AnswerHead {
  object: "chat.completion.chunk";
  service_tier: "default";
  choices: ChunkChoice[];
  usage?: ReturnType<typeof encodeUsage> | null;
}

interface ChunkChoice {
  index: 0;
  delta: ChunkDelta;
  logprobs: null;
  finish_reason: FinishReason | null;
}

/** What one chunk adds to the message. `reasoning_content` is no word of the API, but of all who show thinking. */
type ChunkDelta =
  | { role: "assistant"; content: ""; refusal: null }
  | { content: string }
  | { reasoning_content: string }
  | { refusal: string }
  | CallDelta
  | Record<string, never>;

/** What the request said of how its answer is told. */
export interface EncoderOptions {
  includeUsage: boolean;
  calls: CallSpelling;
}

/** Canonical events as the data of chat completion chunks (api-dialects 2.3, 5.3). One writer writes one answer. */
export class ChunkWriter {
  // What stays the same around a delta is spelled once: a long answer has thousands of chunks.
  readonly #before: string;
  readonly #after: string;
  readonly #beforeDelta: string;
  readonly #afterDelta: string;
  readonly #includeUsage: boolean;
  readonly #spelling: CallSpelling;

  #usage = noUsage;
  #stopReason: StopReason = "end_turn";
  /** Counts tool calls, not content blocks: that is what `tool_calls[].index` means. */
  #calls = 0;
  #callIsOpen = false;
  #callHasArguments = false;

  constructor({ id, created, model }: AnswerHead, { includeUsage, calls }: EncoderOptions) {
    const head: Omit<Chunk, "choices" | "usage"> = {
      id,
      object: "chat.completion.chunk",
      created,
      model,
      service_tier: "default",
    };
    this.#before = JSON.stringify(head).slice(0, -1);
    this.#after = includeUsage ? ',"usage":null}' : "}";
    const [before, after] = JSON.stringify(choiceOf({})).split("{}");
    this.#beforeDelta = `${this.#before},"choices":[${before}`;
    this.#afterDelta = `${after}]${this.#after}`;
    this.#includeUsage = includeUsage;
    this.#spelling = calls;
  }

  write(event: MessageEvent): string[] {
    switch (event.type) {
      case "ping":
        return [];
      case "message_start":
        this.#usage = event.message.usage;
        return [this.#chunk({ role: "assistant", content: "", refusal: null })];
      case "content_block_start": {
        const block = event.content_block;
        if (block.type !== "tool_use") return [];
        this.#callIsOpen = true;
        this.#callHasArguments = false;
        return this.#callChunk(this.#spelling.head(this.#calls, block));
      }
      case "content_block_delta":
        return this.#delta(event.delta);
      case "content_block_stop":
        return this.#blockStop();
      case "message_delta": {
        this.#stopReason = event.delta.stop_reason;
        this.#usage = updateUsage(this.#usage, event.usage);
        const refusal = refusalText(event.delta.stop_reason, event.delta.stop_details);
        return refusal === null ? [] : [this.#chunk({ refusal })];
      }
      case "message_stop":
        return [this.#lastChunk(), ...this.#usageChunk(), "[DONE]"];
    }
  }

  #delta(delta: BlockDelta): string[] {
    switch (delta.type) {
      case "text_delta":
        // What nearly every chunk is: the text alone is quoted in half the time.
        return [`${this.#beforeDelta}{"content":${JSON.stringify(delta.text)}}${this.#afterDelta}`];
      case "thinking_delta":
        return delta.thinking === "" ? [] : [this.#chunk({ reasoning_content: delta.thinking })];
      case "input_json_delta":
        return delta.partial_json === "" ? [] : this.#arguments(delta.partial_json);
      case "signature_delta":
      case "citations_delta":
        return [];
    }
  }

  #blockStop(): string[] {
    if (!this.#callIsOpen) return [];
    const chunks = this.#callHasArguments ? [] : this.#arguments("{}");
    this.#callIsOpen = false;
    this.#calls += 1;
    return chunks;
  }

  #arguments(json: string): string[] {
    this.#callHasArguments = true;
    return this.#callChunk(this.#spelling.arguments(this.#calls, json));
  }

  #callChunk(delta: CallDelta | undefined): string[] {
    return delta === undefined ? [] : [this.#chunk(delta)];
  }

  #chunk(delta: ChunkDelta): string {
    return this.#beforeDelta + JSON.stringify(delta) + this.#afterDelta;
  }

  #lastChunk(): string {
    const choice = choiceOf({}, finishReason(this.#stopReason, this.#spelling));
    return `${this.#before},"choices":[${JSON.stringify(choice)}]${this.#after}`;
  }

  #usageChunk(): string[] {
    if (!this.#includeUsage) return [];
    const usage: Chunk["usage"] = encodeUsage(this.#usage);
    return [`${this.#before},"choices":[],"usage":${JSON.stringify(usage)}}`];
  }
}

function choiceOf(delta: ChunkDelta, finish_reason: FinishReason | null = null): ChunkChoice {
  return { index: 0, delta, logprobs: null, finish_reason };
}
