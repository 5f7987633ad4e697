import type { Usage } from "../../messages/types.ts";
import type { ModelUsage, ResultLine } from "./lines.ts";

/**
 * What sub-agents used in a turn, in all. Their messages are not told, and what they used is only in the sum of all
 * models, which a result tells beside the usage of the agent's own messages.
 */
export function usageBeyond({ usage = {}, model_usage_since_last_result: models = {} }: ResultLine): Partial<Usage> {
  const beyond = (field: keyof ModelUsage, own = 0) =>
    Math.max(0, Object.values(models).reduce((sum, model) => sum + (model[field] ?? 0), 0) - own);
  const { cache_creation: cached, output_tokens_details: details } = usage;
  const counts = {
    input_tokens: beyond("inputTokens", usage.input_tokens),
    output_tokens: beyond("outputTokens", usage.output_tokens),
    cache_read_input_tokens: beyond("cacheReadInputTokens", usage.cache_read_input_tokens),
    cache_creation_input_tokens: beyond("cacheCreationInputTokens", usage.cache_creation_input_tokens),
  };
  if (Object.values(counts).every((count) => count === 0)) return {};
  return {
    ...counts,
    cache_creation: {
      ephemeral_5m_input_tokens: beyond("cacheCreationEphemeral5mInputTokens", cached?.ephemeral_5m_input_tokens),
      ephemeral_1h_input_tokens: beyond("cacheCreationEphemeral1hInputTokens", cached?.ephemeral_1h_input_tokens),
    },
    output_tokens_details: { thinking_tokens: beyond("thinkingTokens", details?.thinking_tokens) },
  };
}
