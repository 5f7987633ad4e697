import type { Usage } from "../../messages/types.ts";
import { inputTokens } from "../../messages/usage.ts";

/** Usage as chat completions count it: cached tokens are part of the prompt, thinking is part of the completion (5.5). */
export function encodeUsage(usage: Usage) {
  const { cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = usage;
  const prompt_tokens = inputTokens(usage);
  return {
    prompt_tokens,
    completion_tokens: output_tokens,
    total_tokens: prompt_tokens + output_tokens,
    prompt_tokens_details: {
      cached_tokens: cache_read_input_tokens,
      cache_write_tokens: cache_creation_input_tokens,
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage.output_tokens_details?.thinking_tokens ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}
