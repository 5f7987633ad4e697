import { ProxyError } from "../../error.ts";
import { isBlank } from "../../messages/conversation.ts";
import { KnownBlocks } from "../../messages/known-blocks.ts";
import { madeOf } from "../../messages/through.ts";
import type { ToolNames } from "../../messages/tool-names.ts";
import type { AnswerBlock, AnswerMessage, MessageEvent, StopReason } from "../../messages/types.ts";
import { completeUsage } from "../../messages/usage.ts";
import { FailureSigns } from "./failures.ts";
import { type CliLine, isResult, isRetry, isStreamEvent } from "./lines.ts";

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
  /** Whether the CLI ran tools of its own since the last message: what they did would be done twice. */
  readonly acted: boolean;
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
  readonly acted = false;
  /** Kept back until a block follows: a stream that breaks before that is tried again by the CLI unseen. */
  #start: AnswerMessage | undefined;
  readonly #blocks = new KnownBlocks();
  /** Whether there is anything to read or to call: for an answer without, the CLI asks again. */
  #visible = false;
  #stopped = false;
  #foreignCall = false;
  readonly #signs = new FailureSigns();

  constructor(
    readonly names: ToolNames,
    readonly clock: () => number = Date.now,
  ) {}

  next(): Turn {
    return new Turn(this.names, this.clock);
  }

  line(line: CliLine): Step {
    this.#signs.take(line);
    if (isStreamEvent(line)) return line.parent_tool_use_id ? nothing : this.#event(line.event as MessageEvent);
    if (isResult(line)) throw this.#signs.error(line, this.clock());
    if (isRetry(line)) this.#refuseSecondStart();
    return nothing;
  }

  /** What the upstream sent, which may hold types that are newer than ours. */
  #event(event: MessageEvent): Step {
    switch (event.type) {
      case "message_start":
        this.#refuseSecondStart();
        this.#start = { ...event.message, usage: completeUsage(event.message.usage) };
        return nothing;
      case "content_block_start": {
        const events = madeOf(this.#blocks, { ...event, content_block: this.#forClient(event.content_block) });
        return events.length === 0 ? nothing : { events: [...this.#open(), ...events] };
      }
      case "content_block_delta":
        this.#visible ||= event.delta.type === "text_delta" && !isBlank(event.delta.text);
        return { events: madeOf(this.#blocks, event) };
      case "content_block_stop":
        return { events: madeOf(this.#blocks, event) };
      case "message_delta": {
        const { stop_reason } = event.delta;
        if (!stop_reason) return nothing;
        const events = [...this.#open(), { ...event, usage: event.usage ?? {} }];
        if (this.#foreignCall || !this.#visible || !restful.has(stop_reason))
          return { events: [...events, { type: "message_stop" }], end: "overrun" };
        this.#stopped = true;
        return { events };
      }
      case "message_stop":
        if (this.#stopped) return { events: [event], end: "answered" };
        // Made up for a stream that broke. Without a reason for it the CLI is about to ask again.
        if (this.#signs.line === undefined) this.#refuseSecondStart();
        return nothing;
      default:
        return nothing;
    }
  }

  /** A call under the client's own name for the tool. One that it does not have the CLI would answer itself. */
  #forClient(block: AnswerBlock): AnswerBlock {
    if (block.type !== "tool_use") return block;
    this.#visible = true;
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

  /** What was sent to the client can't be taken back: an answer that starts over is a failure once a block is out. */
  #refuseSecondStart(): void {
    if (this.#blocks.count === 0) return;
    throw new ProxyError("upstream", "The upstream broke off in the middle of the answer.");
  }
}
