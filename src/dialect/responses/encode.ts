import { ProxyError } from "../../error.ts";
import { parseToolInput } from "../../messages/tool-input.ts";
import type { AnswerBlock, AnswerMessage, BlockDelta, MessageEvent, StopReason } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";
import type { Encoder, Say, StreamEncoder } from "../dialect.ts";
import { errorObject } from "../openai-errors.ts";
import type { Item, ItemStatus } from "./items.ts";
import type { Memory } from "./memory.ts";
import { OpenCall, type OpenItem, OpenReasoning, OpenRefusal, OpenText } from "./open-items.ts";
import { sealReasoning } from "./reasoning.ts";
import { encodeUsage, type ResponseObject, seconds, showResponse } from "./response.ts";
import { tell } from "./tell.ts";
import { EventWriter, responseError } from "./writer.ts";

/** What the answer of one request is made with. */
export interface EncoderOptions {
  /** The response before its first event. */
  response: ResponseObject;
  /** The request's own items, to be stored with the response. */
  input: Item[];
  /** Whether the client sees the sealed content of reasoning. */
  sealed: boolean;
  memory: Memory | undefined;
}

/** Canonical events as those of the Responses API (api-dialects 5.4). A whole answer is the last event's response. */
export function createEncoder(options: EncoderOptions): Encoder {
  return {
    stream: (say) => new ResponseEncoder(options, say),
    whole: (message) => new ResponseEncoder(options, () => {}).whole(message),
  };
}

/** Stop reasons after which an answer is as long as it could be. */
const cutting: ReadonlySet<StopReason> = new Set(["max_tokens", "model_context_window_exceeded"]);

class ResponseEncoder implements StreamEncoder {
  readonly #options: EncoderOptions;
  readonly #writer: EventWriter;
  #response: ResponseObject;
  #begun = false;
  #usage = noUsage;
  #stop: Extract<MessageEvent, { type: "message_delta" }>["delta"] = { stop_reason: "end_turn", stop_sequence: null };
  /** The item of the last block. It ends when it is known what follows: only then is it known whether it was cut. */
  #last: OpenItem | undefined;
  #signature = "";
  #redacted: string | undefined;

  constructor(options: EncoderOptions, say: Say) {
    this.#options = options;
    this.#response = options.response;
    this.#writer = new EventWriter(options.sealed, say);
  }

  event(event: MessageEvent): void {
    switch (event.type) {
      case "ping":
      case "content_block_stop":
        return;
      case "message_start":
        this.#usage = event.message.usage;
        return this.#begin();
      case "content_block_start":
        this.#close("completed");
        return this.#open(event.content_block);
      case "content_block_delta":
        return this.#delta(event.delta);
      case "message_delta":
        this.#stop = event.delta;
        this.#usage = updateUsage(this.#usage, event.usage);
        return;
      case "message_stop":
        return this.#finish();
    }
  }

  error(error: ProxyError): void {
    this.#begin();
    this.#writer.close("incomplete");
    const { output } = this.#writer;
    this.#keep({ ...this.#response, status: "failed", output, error: responseError(error) });
    this.#writer.fail(this.#response, errorObject(error));
  }

  /** What the last event says of a whole answer. */
  whole(message: AnswerMessage): ResponseObject {
    for (const event of tell(message)) {
      // What was cut is not there: what stands before it is whole.
      if (event.type === "message_delta" && message.cut_call) this.#close("completed");
      this.event(event);
    }
    return showResponse(this.#response, this.#options.sealed);
  }

  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#writer.begin(this.#response);
  }

  #open(block: AnswerBlock): void {
    this.#signature = "";
    this.#redacted = block.type === "redacted_thinking" ? block.data : undefined;
    this.#last = openItem(block);
    this.#writer.open(this.#last);
  }

  #delta(delta: BlockDelta): void {
    switch (delta.type) {
      case "text_delta":
        return this.#writer.piece(delta.text);
      case "thinking_delta":
        return this.#writer.piece(delta.thinking);
      case "input_json_delta":
        return this.#writer.piece(delta.partial_json);
      case "signature_delta":
        this.#signature = delta.signature;
        return;
      case "citations_delta":
        return;
    }
  }

  /** Ends the last item. Throws `upstream` for a call whose arguments are no JSON, unless it was cut. */
  #close(status: ItemStatus): void {
    const last = this.#last;
    this.#last = undefined;
    if (last instanceof OpenReasoning) last.sealed = this.#seal(last.thinking);
    if (last instanceof OpenCall && status === "completed" && parseToolInput(last.arguments) === undefined) {
      throw new ProxyError("upstream", `The input of the tool call ${last.call_id} is not a JSON object.`);
    }
    this.#writer.close(status);
  }

  #seal(thinking: string): string | undefined {
    const { memory, sealed, response } = this.#options;
    // Without a signature no API would take it back.
    const block =
      this.#redacted !== undefined
        ? ({ type: "redacted_thinking", data: this.#redacted } as const)
        : ({ type: "thinking", thinking, signature: this.#signature } as const);
    const worthIt = (sealed || response.store) && (block.type === "redacted_thinking" || block.signature !== "");
    return memory && worthIt ? sealReasoning(memory.seal, block) : undefined;
  }

  #finish(): void {
    const { stop_reason, stop_details } = this.#stop;
    const refused = stop_reason === "refusal";
    const cut = cutting.has(stop_reason);
    this.#close(cut || refused ? "incomplete" : "completed");
    const spoke = this.#writer.output.some((item) => item.type !== "reasoning");
    if (refused) {
      const why = stop_details?.explanation ?? "The model declined to answer this request.";
      this.#writer.open(new OpenRefusal());
      this.#writer.piece(why);
      this.#writer.close("completed");
    }
    const reason = cut ? "max_output_tokens" : refused && spoke ? "content_filter" : undefined;
    this.#keep({
      ...this.#response,
      ...(reason === undefined
        ? { status: "completed", completed_at: seconds() }
        : { status: "incomplete", incomplete_details: { reason } }),
      output: this.#writer.output,
      usage: encodeUsage(this.#usage),
    });
    this.#writer.end(this.#response);
  }

  /** Stores the finished response before the client hears of its end, and may ask for it. */
  #keep(response: ResponseObject): void {
    const { memory, input } = this.#options;
    const { pieces } = this.#writer;
    const stored = response.store && memory !== undefined && memory.responses.save({ response, input, pieces });
    this.#response = { ...response, store: stored };
  }
}

function openItem(block: AnswerBlock): OpenItem {
  switch (block.type) {
    case "text":
      return new OpenText();
    case "tool_use":
      return new OpenCall(block.id, block.name);
    case "thinking":
    case "redacted_thinking":
      return new OpenReasoning();
  }
}
