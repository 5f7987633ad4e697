import type { Usage } from "./types.ts";

/** The usage of an answer before anything is known of it. */
export const noUsage: Usage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/** The usage as an upstream tells it: counters that it leaves out are 0. */
export function completeUsage(told: Partial<Usage> | null | undefined): Usage {
  return updateUsage(noUsage, told ?? {});
}

/** All tokens of the input: the Messages API counts those of the cache apart (api-dialects 5.5). */
export function inputTokens(usage: Usage): number {
  return usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
}

/** The usage after a `message_delta`: its counters are cumulative, so they replace; those it leaves out stay. */
export function updateUsage(usage: Usage, update: Partial<Usage>): Usage {
  const updated: Record<string, unknown> = { ...usage };
  for (const name in update) {
    const value = update[name as keyof Usage];
    if (value !== null && value !== undefined) updated[name] = value;
  }
  return updated as unknown as Usage;
}
