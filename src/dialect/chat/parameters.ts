import { invalidRequest } from "../../messages/invalid.ts";
import type { WireRequest } from "./schema.ts";

/**
 * Throws `invalid_request` for the parameters that would change the shape of the answer and that Sluice can't deliver
 * (api-dialects 2.1, verdict R).
 */
export function refuseUnsupported(wire: WireRequest): void {
  const refuse = (param: string, reason: string) => invalidRequest(param, reason, "unsupported_parameter");
  if (wire.response_format !== undefined && wire.response_format.type !== "text") {
    throw refuse("response_format", "structured output is not supported yet");
  }
  if (wire.n !== undefined && wire.n > 1) throw refuse("n", "only one choice can be answered");
  if (wire.logprobs === true) throw refuse("logprobs", "log probabilities are not available");
  if (wire.top_logprobs) throw refuse("top_logprobs", "log probabilities are not available");
  if (wire.audio !== undefined) throw refuse("audio", "audio output is not supported");
  if (wire.modalities?.includes("audio")) throw refuse("modalities", "audio output is not supported");
  if (wire.web_search_options !== undefined) throw refuse("web_search_options", "web search is not supported");
  if (wire.moderation !== undefined) throw refuse("moderation", "moderation is not supported");
  if (wire.stream_options !== undefined && wire.stream !== true) {
    throw invalidRequest("stream_options", "it is only allowed when `stream` is true", "invalid_value");
  }
}

/** The parameters that ask for something and get nothing; one that only spells its default asks for nothing. */
export function ignoredParameters(wire: WireRequest): string[] {
  const asked = {
    frequency_penalty: wire.frequency_penalty ?? 0,
    presence_penalty: wire.presence_penalty ?? 0,
    logit_bias: Object.keys(wire.logit_bias ?? {}).length,
    seed: wire.seed !== undefined,
    verbosity: wire.verbosity !== undefined && wire.verbosity !== "medium",
    prediction: wire.prediction !== undefined,
    store: wire.store,
  };
  return Object.entries(asked).flatMap(([param, is]) => (is ? param : []));
}
