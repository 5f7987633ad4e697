import { ProxyError } from "../error.ts";
import { parseToolInput } from "./tool-input.ts";
import type { AnswerBlock, AnswerMessage, BlockDelta, MessageEvent, StopReason, ToolUseBlock } from "./types.ts";
import { updateUsage } from "./usage.ts";

/**
 * The whole answer that a stream of events tells. Throws a ProxyError of kind `upstream` where the stream breaks the
 * grammar of the Messages API (blocks in turn, one start, one stop), and whatever the stream itself throws.
 */
export async function collect(events: AsyncIterable<MessageEvent>): Promise<AnswerMessage> {
  const collector = new Collector();
  for await (const event of events) collector.take(event);
  return collector.finish();
}

/** Stop reasons that may cut an answer in the middle of a tool's input. */
const cutting: ReadonlySet<StopReason | null> = new Set(["max_tokens", "model_context_window_exceeded", "refusal"]);

class Collector {
  #message: AnswerMessage | undefined;
  #open: AnswerBlock | undefined;
  #json = "";
  #cutCall: ToolUseBlock | undefined;
  #ended = false;

  take(event: MessageEvent): void {
    if (event.type === "ping") return;
    if (this.#ended) throw illegal(`${event.type} after message_stop`);
    if (event.type === "message_start") {
      if (this.#message !== undefined) throw illegal("a second message_start");
      this.#message = { ...event.message, content: [] };
      return;
    }
    const message = this.#message;
    if (message === undefined) throw illegal(`${event.type} before message_start`);
    switch (event.type) {
      case "content_block_start":
        this.#start(message, event.index, event.content_block);
        break;
      case "content_block_delta":
        this.#apply(this.#openBlock(message, event.index), event.delta);
        break;
      case "content_block_stop":
        this.#stop(this.#openBlock(message, event.index));
        break;
      case "message_delta":
        if (this.#open !== undefined) throw illegal("message_delta inside a content block");
        message.stop_reason = event.delta.stop_reason;
        message.stop_sequence = event.delta.stop_sequence;
        message.stop_details = event.delta.stop_details;
        message.usage = updateUsage(message.usage, event.usage);
        break;
      case "message_stop":
        if (this.#open !== undefined) throw illegal("message_stop inside a content block");
        if (message.stop_reason === null) throw illegal("message_stop without a stop_reason");
        this.#ended = true;
        break;
      default:
        event satisfies never;
    }
  }

  finish(): AnswerMessage {
    const message = this.#message;
    if (message === undefined || !this.#ended) throw illegal("it ended before message_stop");
    if (this.#cutCall !== undefined) {
      // Half a tool call helps nobody, and its JSON would be broken in every dialect.
      if (this.#cutCall !== message.content.at(-1) || !cutting.has(message.stop_reason)) {
        throw illegal(`the input of the tool call ${this.#cutCall.id} is not a JSON object`);
      }
      message.content.pop();
      message.cut_call = true;
    }
    return message;
  }

  #start(message: AnswerMessage, index: number, block: AnswerBlock): void {
    if (this.#open !== undefined) throw illegal("a content block inside another");
    if (index !== message.content.length)
      throw illegal(`content block ${index} after ${message.content.length} blocks`);
    this.#open = { ...block };
    this.#json = "";
    message.content.push(this.#open);
  }

  #openBlock(message: AnswerMessage, index: number): AnswerBlock {
    if (this.#open === undefined || index !== message.content.length - 1)
      throw illegal(`no open content block ${index}`);
    return this.#open;
  }

  #apply(block: AnswerBlock, delta: BlockDelta): void {
    if (delta.type === "text_delta" && block.type === "text") block.text += delta.text;
    else if (delta.type === "citations_delta" && block.type === "text") {
      block.citations = [...(block.citations ?? []), delta.citation];
    } else if (delta.type === "thinking_delta" && block.type === "thinking") block.thinking += delta.thinking;
    else if (delta.type === "signature_delta" && block.type === "thinking") block.signature = delta.signature;
    else if (delta.type === "input_json_delta" && block.type === "tool_use") this.#json += delta.partial_json;
    else throw illegal(`${delta.type} in a ${block.type} block`);
  }

  #stop(block: AnswerBlock): void {
    this.#open = undefined;
    if (block.type !== "tool_use") return;
    const input = parseToolInput(this.#json, "spelled");
    if (input === undefined) this.#cutCall ??= block;
    else block.input = input;
  }
}

function illegal(what: string): ProxyError {
  return new ProxyError("upstream", `The answer's event stream is broken: ${what}.`);
}
