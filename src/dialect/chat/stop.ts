import type { StopDetails, StopReason } from "../../messages/types.ts";

/** Stop reasons as chat completions name them (api-dialects 4). */
export const finishReasons = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  tool_use: "tool_calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  refusal: "content_filter",
} as const satisfies Record<StopReason, string>;

/** The text of `refusal`; null unless the model refused. */
export function refusalText(stop_reason: StopReason | null, details: StopDetails | null | undefined): string | null {
  if (stop_reason !== "refusal") return null;
  return details?.explanation ?? "The model declined to answer this request.";
}
