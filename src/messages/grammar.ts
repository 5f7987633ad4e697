import { ProxyError } from "../error.ts";
import { deltasOf, emptied } from "./blocks.ts";
import { blockTypes } from "./known-blocks.ts";
import { type Emit, type Step, through } from "./through.ts";
import { parseToolInput } from "./tool-input.ts";
import type { AnswerBlock, BlockDelta, Events, MessageEvent, StopReason, ToolUseBlock } from "./types.ts";

/**
 * The events of an answer for as long as they keep to the grammar of the Messages API (api-dialects 1.3): one start, blocks
 * in turn, deltas of their block's kind, a stop. Throws a ProxyError of kind `upstream` at the first that does not, and
 * where they end too early, so that whoever reads them can rely on it. What follows the stop is not asked for, and what a
 * block begins with comes as its first delta: that is where the dialects look for it. Each that passes goes through the steps.
 */
export function inGrammar(
  events: Events,
  ...steps: Step<MessageEvent, MessageEvent>[]
): AsyncGenerator<readonly MessageEvent[]> {
  return through(events, new Grammar(), ...steps);
}

/** Stop reasons that may cut an answer in the middle of a tool's input. */
const cutting: ReadonlySet<StopReason> = new Set(["max_tokens", "model_context_window_exceeded", "refusal"]);

/** The block that each delta belongs in. */
const homes: Readonly<Record<BlockDelta["type"], AnswerBlock["type"]>> = {
  text_delta: "text",
  citations_delta: "text",
  thinking_delta: "thinking",
  signature_delta: "thinking",
  input_json_delta: "tool_use",
};

type BlockStart = Extract<MessageEvent, { type: "content_block_start" }>;

class Grammar implements Step<MessageEvent, MessageEvent> {
  ended = false;
  #started = false;
  #reasoned = false;
  #open: AnswerBlock | undefined;
  #count = 0;
  /** The input of the open call. */
  #json: string[] = [];
  /** A call whose input is no JSON: only an answer that was cut may have one, at its end. */
  #cutCall: ToolUseBlock | undefined;

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    this.#check(event);
    this.ended = event.type === "message_stop";
    if (event.type === "content_block_start") begin(event, emit);
    else emit(event);
  }

  finish(): void {
    throw illegal("it ended before message_stop");
  }

  #check(event: MessageEvent): void {
    if (event.type === "ping") return;
    if (event.type === "message_start") {
      if (this.#started) throw illegal("a second message_start");
      this.#started = true;
      return;
    }
    if (!this.#started) throw illegal(`${event.type} before message_start`);
    switch (event.type) {
      case "content_block_start":
        return this.#start(event);
      case "content_block_delta":
        return this.#delta(this.#openBlock(event.index), event.delta);
      case "content_block_stop":
        return this.#stop(this.#openBlock(event.index));
      case "message_delta":
        if (this.#open) throw illegal("message_delta inside a content block");
        if (!event.delta.stop_reason) throw illegal("message_delta without a stop_reason");
        if (this.#cutCall && !cutting.has(event.delta.stop_reason)) throw brokenInput(this.#cutCall);
        this.#reasoned = true;
        return;
      case "message_stop":
        if (this.#open) throw illegal("message_stop inside a content block");
        if (!this.#reasoned) throw illegal("message_stop without a stop_reason");
        return;
      default:
        throw illegal(`there is no event ${(event satisfies never as { type: string }).type}`);
    }
  }

  #start({ index, content_block: block }: BlockStart): void {
    if (this.#open) throw illegal("a content block inside another");
    if (this.#reasoned) throw illegal("a content block after message_delta");
    if (this.#cutCall) throw brokenInput(this.#cutCall);
    if (index !== this.#count) throw illegal(`content block ${index} after ${this.#count} blocks`);
    if (!blockTypes.has(block.type)) throw illegal(`there is no ${block.type} block`);
    this.#count++;
    this.#open = block;
    this.#json = deltasOf(block).flatMap((delta) => ("partial_json" in delta ? delta.partial_json : []));
  }

  #openBlock(index: number): AnswerBlock {
    if (!this.#open || index !== this.#count - 1) throw illegal(`no open content block ${index}`);
    return this.#open;
  }

  #delta(block: AnswerBlock, delta: BlockDelta): void {
    if (homes[delta.type] !== block.type) throw illegal(`${delta.type} in a ${block.type} block`);
    if (delta.type === "input_json_delta") this.#json.push(delta.partial_json);
  }

  #stop(block: AnswerBlock): void {
    this.#open = undefined;
    if (block.type === "tool_use" && parseToolInput(this.#json.join("")) === undefined) this.#cutCall = block;
  }
}

function begin(event: BlockStart, emit: Emit<MessageEvent>): void {
  const { index, content_block: block } = event;
  const deltas = deltasOf(block);
  if (deltas.length === 0) return emit(event);
  emit({ ...event, content_block: emptied(block) });
  for (const delta of deltas) emit({ type: "content_block_delta", index, delta });
}

function brokenInput({ id }: ToolUseBlock): ProxyError {
  return illegal(`the input of the tool call ${id} is not a JSON object`);
}

function illegal(what: string): ProxyError {
  return new ProxyError("upstream", `The answer's event stream is broken: ${what}.`);
}
