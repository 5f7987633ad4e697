import type { ProxyError } from "../../error.ts";
import type { BlockDelta, MessageEvent, StopReason } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";
import type { Say, StreamEncoder } from "../dialect.ts";
import { errorObject } from "../openai-errors.ts";
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

/** Canonical events as chat completion chunks (api-dialects 2.3, 5.3). One writer writes one answer. */
export class ChunkWriter implements StreamEncoder {
  // What stays the same around a delta is spelled once: a long answer has thousands of chunks.
  readonly #before: string;
  readonly #after: string;
  readonly #beforeDelta: string;
  readonly #afterDelta: string;
  readonly #beforeText: string;
  readonly #afterText: string;
  readonly #includeUsage: boolean;
  readonly #spelling: CallSpelling;
  readonly #say: Say;

  #usage = noUsage;
  #stopReason: StopReason = "end_turn";
  /** Counts tool calls, not content blocks: that is what `tool_calls[].index` means. */
  #calls = 0;
  #callIsOpen = false;
  #callHasArguments = false;

  constructor({ id, created, model }: AnswerHead, { includeUsage, calls }: EncoderOptions, say: Say) {
    const head: Omit<Chunk, "choices" | "usage"> = {
      id,
      object: "chat.completion.chunk",
      created,
      model,
      service_tier: "default",
    };
    this.#before = JSON.stringify(head).slice(0, -1);
    this.#after = includeUsage ? ',"usage":null}' : "}";
    this.#beforeDelta = `${this.#before},"choices":[${beforeDelta}`;
    this.#afterDelta = `${afterDelta}]${this.#after}`;
    this.#beforeText = `${this.#beforeDelta}{"content":`;
    this.#afterText = `}${this.#afterDelta}`;
    this.#includeUsage = includeUsage;
    this.#spelling = calls;
    this.#say = say;
  }

  event(event: MessageEvent): void {
    switch (event.type) {
      case "ping":
        return;
      case "message_start":
        this.#usage = event.message.usage;
        return this.#chunk({ role: "assistant", content: "", refusal: null });
      case "content_block_start": {
        const block = event.content_block;
        if (block.type !== "tool_use") return;
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
        if (refusal !== null) this.#chunk({ refusal });
        return;
      }
      case "message_stop":
        return this.#end();
    }
  }

  error(error: ProxyError): void {
    // No [DONE] after it: a stream that failed must not look complete.
    this.#say(JSON.stringify({ error: errorObject(error) }));
  }

  #delta(delta: BlockDelta): void {
    switch (delta.type) {
      case "text_delta":
        // What nearly every chunk is: the text alone is quoted in half the time.
        return this.#say(this.#beforeText + JSON.stringify(delta.text) + this.#afterText);
      case "thinking_delta":
        if (delta.thinking !== "") this.#chunk({ reasoning_content: delta.thinking });
        return;
      case "input_json_delta":
        if (delta.partial_json !== "") this.#arguments(delta.partial_json);
        return;
      case "signature_delta":
      case "citations_delta":
        return;
    }
  }

  #blockStop(): void {
    if (!this.#callIsOpen) return;
    if (!this.#callHasArguments) this.#arguments("{}");
    this.#callIsOpen = false;
    this.#calls += 1;
  }

  #arguments(json: string): void {
    this.#callHasArguments = true;
    this.#callChunk(this.#spelling.arguments(this.#calls, json));
  }

  #callChunk(delta: CallDelta | undefined): void {
    if (delta !== undefined) this.#chunk(delta);
  }

  #chunk(delta: ChunkDelta): void {
    this.#say(this.#beforeDelta + JSON.stringify(delta) + this.#afterDelta);
  }

  #end(): void {
    const choice = choiceOf({}, finishReason(this.#stopReason, this.#spelling));
    this.#say(`${this.#before},"choices":[${JSON.stringify(choice)}]${this.#after}`);
    if (this.#includeUsage) {
      const usage: Chunk["usage"] = encodeUsage(this.#usage);
      this.#say(`${this.#before},"choices":[],"usage":${JSON.stringify(usage)}}`);
    }
    this.#say("[DONE]");
  }
}

const [beforeDelta, afterDelta] = JSON.stringify(choiceOf({})).split("{}");

function choiceOf(delta: ChunkDelta, finish_reason: FinishReason | null = null): ChunkChoice {
  return { index: 0, delta, logprobs: null, finish_reason };
}
