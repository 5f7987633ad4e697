import { ProxyError } from "../../error.ts";
import type { AnswerBlock, AnswerMessage, MessageEvent, StopReason } from "../../messages/types.ts";
import { toFailure } from "./failures.ts";
import {
  type CliLine,
  type FailureLine,
  isFailure,
  isRateLimit,
  isResult,
  isStreamEvent,
  type RateLimitLine,
} from "./lines.ts";
import type { ToolNames } from "./names.ts";

/** What an answer may consist of; a newer type, which no client knows, is left out. */
export const blockTypes = new Set(["text", "thinking", "redacted_thinking", "tool_use"]);
export const deltaTypes = new Set([
  "text_delta",
  "input_json_delta",
  "thinking_delta",
  "signature_delta",
  "citations_delta",
]);

/** After these the CLI stays quiet. After any other it asks the model again on its own, and the user would pay for that. */
const restful = new Set<StopReason>(["end_turn", "stop_sequence", "tool_use"]);

/** What a line does to a turn. */
export interface Step {
  events: MessageEvent[];
  /** `answered`: the message is whole. `overrun`: it is whole, and the process must be ended at once. */
  end?: "answered" | "overrun";
}

/** Reads the lines of one turn as the events of exactly one message. A thrown ProxyError ends the turn. */
export interface TurnReader {
  line(line: CliLine): Step;
  /** Who reads what follows in the same turn of the CLI, once the client's tools were called: another message. */
  next(): TurnReader;
}

const nothing: Step = { events: [] };

/**
 * One turn of the CLI, line by line, as the events of exactly one message. Pure: no process, no time but the clock that
 * it is given. A thrown ProxyError ends the turn, and the process must be ended with it.
 */
export class Turn implements TurnReader {
  /** Kept back until a block follows: a stream that breaks before that is tried again by the CLI unseen. */
  #start: AnswerMessage | undefined;
  /** Upstream block index → ours; a block of a type that no client knows has none. */
  #blocks = new Map<number, number>();
  #blockCount = 0;
  #stopped = false;
  #foreignCall = false;
  #failure: FailureLine | undefined;
  #rateLimit: RateLimitLine["rate_limit_info"] | undefined;

  constructor(
    readonly names: ToolNames,
    readonly clock: () => number = Date.now,
  ) {}

  next(): Turn {
    return new Turn(this.names, this.clock);
  }

  line(line: CliLine): Step {
    if (isStreamEvent(line)) return line.parent_tool_use_id ? nothing : this.#event(line.event as MessageEvent);
    if (isFailure(line)) this.#failure = line;
    else if (isRateLimit(line)) this.#rateLimit = line.rate_limit_info;
    else if (isResult(line))
      throw toFailure({ line: this.#failure, result: line, rateLimit: this.#rateLimit }, this.clock());
    else if (line["subtype"] === "api_retry") this.#refuseSecondStart();
    return nothing;
  }

  /** What the upstream sent, which may hold types that are newer than ours. */
  #event(event: MessageEvent): Step {
    switch (event.type) {
      case "message_start":
        this.#refuseSecondStart();
        this.#start = event.message;
        return nothing;
      case "content_block_start": {
        if (!blockTypes.has(event.content_block.type)) return nothing;
        const index = this.#blockCount++;
        this.#blocks.set(event.index, index);
        const content_block = this.#forClient(event.content_block);
        return { events: [...this.#open(), { ...event, index, content_block }] };
      }
      case "content_block_delta":
        return deltaTypes.has(event.delta.type) ? this.#ofBlock(event) : nothing;
      case "content_block_stop":
        return this.#ofBlock(event);
      case "message_delta": {
        const { stop_reason } = event.delta;
        if (!stop_reason) return nothing;
        const events = [...this.#open(), event];
        if (this.#foreignCall || !restful.has(stop_reason))
          return { events: [...events, { type: "message_stop" }], end: "overrun" };
        this.#stopped = true;
        return { events };
      }
      case "message_stop":
        // A broken stream gets a made-up message_stop: only one behind a stop reason is the model's.
        return this.#stopped ? { events: [event], end: "answered" } : nothing;
      default:
        return nothing;
    }
  }

  /** A call under the client's own name for the tool. One that it does not have the CLI would answer itself. */
  #forClient(block: AnswerBlock): AnswerBlock {
    if (block.type !== "tool_use") return block;
    const name = this.names.clientName(block.name);
    if (name === undefined) this.#foreignCall = true;
    return { ...block, name: name ?? block.name };
  }

  #open(): MessageEvent[] {
    if (!this.#start) return [];
    const message = { ...this.#start, content: [], stop_reason: null, stop_sequence: null };
    this.#start = undefined;
    return [{ type: "message_start", message }];
  }

  #ofBlock(event: Extract<MessageEvent, { type: "content_block_delta" | "content_block_stop" }>): Step {
    const index = this.#blocks.get(event.index);
    return index === undefined ? nothing : { events: [index === event.index ? event : { ...event, index }] };
  }

  /** What was sent to the client can't be taken back: an answer that starts over is a failure once a block is out. */
  #refuseSecondStart(): void {
    if (this.#blockCount === 0) return;
    throw new ProxyError("upstream", "The upstream broke off in the middle of the answer.");
  }
}
