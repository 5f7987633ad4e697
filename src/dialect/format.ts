import { ProxyError } from "../error.ts";
import { FenceStripper } from "../messages/fences.ts";
import type { Emit, Step } from "../messages/through.ts";
import type { MessageEvent, MessagesRequest } from "../messages/types.ts";

/**
 * Makes an answer's text what the request's format asks for: fences around it are taken away, and before the answer ends
 * as a complete one its whole text is checked. Throws `upstream` where it does not fit, so that a client that was promised
 * JSON never takes prose for it. An answer that ends otherwise (`max_tokens`, `stop_sequence`, `refusal`, `tool_use`) says
 * so itself, and passes.
 *
 * Where no format was asked for, there is no step.
 */
export function formatChecks(request: MessagesRequest): Step<MessageEvent, MessageEvent>[] {
  const { format } = request.output_config ?? {};
  const asked = request.text_format ?? format;
  return asked === undefined ? [] : [new Checker((text) => faultOf(text, asked))];
}

class Checker implements Step<MessageEvent, MessageEvent> {
  readonly #stripper = new FenceStripper();
  #text = "";

  constructor(readonly fault: (text: string) => string | undefined) {}

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    this.#stripper.take(event, (one) => {
      if (one.type === "content_block_delta" && one.delta.type === "text_delta") this.#text += one.delta.text;
      if (one.type === "message_delta" && one.delta.stop_reason === "end_turn") refuse(this.fault(this.#text));
      emit(one);
    });
  }
}

function refuse(fault: string | undefined): void {
  if (fault === undefined) return;
  // Another try may go well, but costs as much again, and an agent has already acted: that is for the client to decide.
  throw new ProxyError("upstream", `The model's answer is not what the requested format asks for: ${fault}.`, {
    code: "invalid_format",
    retryable: false,
  });
}

/** What is wrong with a text; undefined where it fits. */
function faultOf(text: string, format: NonNullable<MessagesRequest["text_format"]>): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trim() === "" ? "it has no text" : "it is not JSON";
  }
  if (format === "json") return undefined;
  if (format !== "json_object") return lazyMisfit(value, format.schema);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "it is not a JSON object";
}

/** Loaded when it is first needed: what it is made of takes its time, and Sluice is to listen before that. */
const lazyMisfit: typeof import("./misfit.ts").misfit = (value, schema) =>
  (require("./misfit.ts") as typeof import("./misfit.ts")).misfit(value, schema);
