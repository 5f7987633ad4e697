import { agentPrefix } from "./agent.ts";
import { StopMatcher } from "./stop-matcher.ts";
import { TokenMeter } from "./token-meter.ts";
import type { Emit, Step } from "./through.ts";
import type { MessageEvent, MessagesRequest, StopReason } from "./types.ts";

/**
 * Keeps the events of an answer within the request's limits, exactly, also where the upstream can't be trusted with them:
 *
 * - **stop sequences** are cut out of the text, also across deltas and neighbouring text blocks. Only what may be the
 *   beginning of one is held back, and given out as soon as it is none.
 * - **`max_tokens`** cuts the text before the word with which it surely becomes too long. Only the upstream can count its
 *   tokens, so a text that is over the limit by less than that is the upstream's to cut. 0 leaves no content at all.
 * - **`disable_parallel_tool_use`** lets the first call of a tool pass and ends the answer before the second.
 *
 * The source is ended where the answer is cut; its true usage is not known then, so the output's is an estimate. An
 * upstream that ends the answer by itself is believed, and its usage is passed on as it is.
 *
 * Where none of this was asked for, there is no step.
 */
export function limits(request: MessagesRequest): Step<MessageEvent, MessageEvent>[] {
  const stops = (request.stop_sequences ?? []).filter((stop) => stop !== "");
  const choice = request.tool_choice;
  const oneCall = choice !== undefined && choice.type !== "none" && choice.disable_parallel_tool_use === true;
  // An agent's answer folds many of the model's, each of which has the limit for itself.
  const folds = request.model.startsWith(agentPrefix) && request.max_tokens !== 0;
  const max_tokens = folds ? undefined : request.max_tokens;
  if (stops.length === 0 && !oneCall && max_tokens === undefined) return [];
  return [new Limiter(stops, oneCall, max_tokens)];
}

/** English has about four characters a token. */
const charactersPerToken = 4;

class Limiter implements Step<MessageEvent, MessageEvent> {
  readonly #matcher: StopMatcher;
  readonly #oneCall: boolean;
  readonly #maxTokens: number;
  readonly #meter: TokenMeter;
  /** Events that wait until their text is known to be no stop sequence, and that text (UTF-16). */
  #held: MessageEvent[] = [];
  #heldText = "";
  /** The block that the client has open. */
  #open: number | undefined;
  #calls = 0;
  #characters = 0;
  #outputTokens = 0;
  #ended = false;

  constructor(stops: readonly string[], oneCall: boolean, maxTokens = Infinity) {
    this.#matcher = new StopMatcher(stops);
    this.#oneCall = oneCall;
    this.#maxTokens = maxTokens;
    this.#meter = new TokenMeter(maxTokens);
  }

  /** Whether the answer was cut: what passed last is its end. */
  get ended(): boolean {
    return this.#ended;
  }

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    switch (event.type) {
      case "ping":
        return emit(event);
      case "message_start":
        this.#outputTokens = event.message.usage.output_tokens;
        return emit(event);
      case "content_block_start":
        if (this.#maxTokens === 0) return this.#end("max_tokens", null, emit);
        if (event.content_block.type === "text") return this.#hold(event, emit);
        if (event.content_block.type === "tool_use" && this.#calls++ > 0 && this.#oneCall) {
          this.#flush(emit);
          return this.#end("tool_use", null, emit);
        }
        return this.#pass(event, emit);
      case "content_block_delta":
        return this.#delta(event, emit);
      case "content_block_stop":
        return this.#hold(event, emit);
      case "message_delta":
      case "message_stop":
        return this.#pass(event, emit);
    }
  }

  #delta(event: Extract<MessageEvent, { type: "content_block_delta" }>, emit: Emit<MessageEvent>): void {
    const { delta } = event;
    if (delta.type === "thinking_delta") this.#characters += delta.thinking.length;
    if (delta.type === "input_json_delta") this.#characters += delta.partial_json.length;
    if (delta.type !== "text_delta") return this.#hold(event, emit);

    const match = this.#matcher.push(delta.text);
    const over = this.#meter.push(delta.text);
    this.#characters += delta.text.length;
    // Nearly always nothing waits, and this need not.
    const waits =
      this.#held.length > 0 ||
      this.#matcher.pending > 0 ||
      isHighSurrogate(delta.text.charCodeAt(delta.text.length - 1));
    if (match === undefined && over === undefined && !waits) return emit(event);
    const before = this.#heldText.length;
    const last = this.#held.at(-1);
    // As one piece with what it completes: a stop sequence that was none, or the half of a character.
    if (last && textOf(last) !== "") this.#held[this.#held.length - 1] = withText(last, textOf(last) + delta.text);
    else this.#held.push(event);
    this.#heldText += delta.text;
    if (over !== undefined && over < (match?.end ?? Infinity)) {
      this.#release(this.#whole(before + over), emit);
      return this.#end("max_tokens", null, emit);
    }
    if (match === undefined) return this.#release(this.#clear, emit);
    this.#release(before + match.end - match.stop.length, emit);
    this.#end("stop_sequence", match.stop, emit);
  }

  /** An event that keeps its place behind the text that is held back. */
  #hold(event: MessageEvent, emit: Emit<MessageEvent>): void {
    this.#held.push(event);
    this.#release(this.#clear, emit);
  }

  /** An event behind which no stop sequence can go on. */
  #pass(event: MessageEvent, emit: Emit<MessageEvent>): void {
    this.#held.push(event);
    this.#flush(emit);
  }

  #flush(emit: Emit<MessageEvent>): void {
    this.#matcher.reset();
    this.#meter.reset();
    this.#release(this.#heldText.length, emit);
  }

  /** How much of the held text is surely no beginning of a stop sequence. */
  get #clear(): number {
    return this.#whole(this.#heldText.length - this.#matcher.pending);
  }

  /** So much of the held text, or less by one where that would cut a character in two. */
  #whole(length: number): number {
    return isHighSurrogate(this.#heldText.charCodeAt(length - 1)) ? length - 1 : length;
  }

  /** So much of the held text, with the events before and right behind it. */
  #release(length: number, emit: Emit<MessageEvent>): void {
    this.#heldText = this.#heldText.slice(length);
    let rest = length;
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      const text = textOf(next);
      if (text.length > rest) {
        if (rest > 0) emit(withText(next, text.slice(0, rest)));
        this.#held[0] = withText(next, text.slice(rest));
        break;
      }
      rest -= text.length;
      this.#held.shift();
      if (next.type === "content_block_start") this.#open = next.index;
      if (next.type === "content_block_stop") this.#open = undefined;
      emit(next);
    }
  }

  /** The end of an answer that is cut here. */
  #end(stop_reason: StopReason, stop_sequence: string | null, emit: Emit<MessageEvent>): void {
    this.#ended = true;
    const output_tokens = Math.max(this.#outputTokens, Math.ceil(this.#characters / charactersPerToken));
    if (this.#open !== undefined) emit({ type: "content_block_stop", index: this.#open });
    emit({ type: "message_delta", delta: { stop_reason, stop_sequence }, usage: { output_tokens } });
    emit({ type: "message_stop" });
  }
}

function textOf(event: MessageEvent): string {
  return event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : "";
}

function withText(event: MessageEvent, text: string): MessageEvent {
  return event.type === "content_block_delta" ? { ...event, delta: { type: "text_delta", text } } : event;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
