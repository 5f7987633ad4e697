import type { Parameters } from "../../messages/parameters.ts";
import type { WireRequest } from "./schema.ts";

const is =
  (...idle: unknown[]) =>
  (value: unknown): boolean =>
    idle.includes(value);

/** What becomes of each parameter of `POST /v1/responses` (api-dialects 3.1). */
export const parameters = {
  model: { verdict: "honoured", note: "Any spelling of a model of Claude Code's" },
  input: {
    verdict: "honoured",
    note: "Later system messages move to the system prompt, items of hosted tools are left out, an assistant's turn at either end gets a user's beside it; warnings say so",
  },
  instructions: { verdict: "honoured", note: "The system prompt, before that of the input; not inherited" },
  previous_response_id: { verdict: "honoured", note: "Stands for all items of that response and of those before it" },
  store: { verdict: "honoured", note: "On unless it is false" },
  stream: { verdict: "honoured", note: "A whole answer is the stream, collected" },
  max_output_tokens: { verdict: "honoured", note: "Kept by the upstream" },
  tools: { verdict: "honoured", note: "Functions; hosted tools are left out with a warning" },
  tool_choice: { verdict: "honoured", note: "With `allowed_tools`, only those are there; hosted tools are refused" },
  parallel_tool_calls: { verdict: "honoured", note: "A second call is cut where `false` forbids it" },
  include: {
    verdict: "honoured",
    note: "`reasoning.encrypted_content`; log probabilities are refused, the rest is of hosted tools",
  },
  "text.format": {
    verdict: "honoured",
    note: "Checked before the answer ends, against a strict schema; a warning tells of one that the upstream can't hold to",
  },
  "reasoning.effort": { verdict: "approximated", note: "`minimal` is low; none before a forced call" },
  "reasoning.summary": { verdict: "approximated", note: "Any asks for thinking, and gets what the model tells of it" },
  "reasoning.generate_summary": { verdict: "approximated", note: "As `reasoning.summary`" },
  temperature: { verdict: "approximated", note: "Above 1 lowered to 1; ignored while reasoning" },
  top_p: { verdict: "approximated", note: "Below 0.95 ignored while reasoning" },

  truncation: { verdict: "ignored", note: "A conversation that is too long is an error", idle: is("disabled") },
  "text.verbosity": { verdict: "ignored", note: "The models have none", idle: is("medium") },
  "reasoning.context": { verdict: "ignored", note: "The models have none" },
  "reasoning.mode": { verdict: "ignored", note: "The models have none" },
  presence_penalty: { verdict: "ignored", note: "The models have none", idle: is(0) },
  frequency_penalty: { verdict: "ignored", note: "The models have none", idle: is(0) },

  stream_options: { verdict: "hint", note: "Obfuscation is not done" },
  max_tool_calls: { verdict: "hint", note: "Of hosted tools, which are not there" },
  metadata: { verdict: "hint", note: "Kept with the response" },
  user: { verdict: "hint", note: "Claude Code sends its own" },
  safety_identifier: { verdict: "hint", note: "Claude Code sends its own" },
  client_metadata: { verdict: "hint", note: "Claude Code sends its own" },
  prompt_cache_key: { verdict: "hint", note: "Prompts are cached by what they say" },
  prompt_cache_options: { verdict: "hint", note: "Claude Code places the marks of the cache itself" },
  prompt_cache_retention: { verdict: "hint", note: "As long as the upstream keeps it" },
  image: { verdict: "hint", note: "The upstream chooses how it reads images" },
  context_management: { verdict: "hint", note: "Nothing is taken out of a conversation" },
  access_programs: { verdict: "hint", note: "The account's are what they are" },
  service_tier: { verdict: "hint", note: "Answered as `default`" },

  "prompt_cache_options.prewarm": {
    verdict: "refused",
    note: "a prompt can't be cached without an answer",
    idle: is(false),
  },
  background: { verdict: "refused", note: "responses are answered in the foreground only", idle: is(false) },
  conversation: { verdict: "refused", note: "stored conversations are not supported; use `previous_response_id`" },
  prompt: { verdict: "refused", note: "stored prompts are not supported" },
  moderation: { verdict: "refused", note: "moderation is not supported" },
  top_logprobs: { verdict: "refused", note: "log probabilities are not available", idle: is(0) },
} as const satisfies Parameters;

/** The fields of a request by the names of the table, which spells out nested ones. */
export function flatten(wire: WireRequest): Record<string, unknown> {
  return {
    ...wire,
    "text.verbosity": wire.text?.verbosity,
    "reasoning.context": wire.reasoning?.context,
    "reasoning.mode": wire.reasoning?.mode,
    "prompt_cache_options.prewarm": wire.prompt_cache_options?.prewarm,
  };
}
