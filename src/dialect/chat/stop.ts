import type { StopDetails, StopReason } from "../../messages/types.ts";
import type { CallSpelling } from "./calls.ts";

const finishReasons = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content_filter",
} as const satisfies Record<Exclude<StopReason, "tool_use">, string>;

export type FinishReason = (typeof finishReasons)[keyof typeof finishReasons] | CallSpelling["finishReason"];

/** A stop reason as chat completions name it (api-dialects 4); one that is newer than ours is an end like any other. */
export function finishReason(stop_reason: StopReason, calls: CallSpelling): FinishReason {
  if (stop_reason === "tool_use") return calls.finishReason;
  return Object.hasOwn(finishReasons, stop_reason) ? finishReasons[stop_reason] : "stop";
}

/** The text of `refusal`; null unless the model refused. */
export function refusalText(stop_reason: StopReason | null, details: StopDetails | null | undefined): string | null {
  if (stop_reason !== "refusal") return null;
  return details?.explanation ?? "The model declined to answer this request.";
}
