import type { Parameters } from "../../messages/parameters.ts";

const is =
  (...idle: unknown[]) =>
  (value: unknown): boolean =>
    idle.includes(value);

/** What becomes of each parameter of `POST /v1/chat/completions` (api-dialects 2.1). */
export const parameters = {
  model: { verdict: "honoured", note: "Any spelling of a model of Claude Code's" },
  messages: {
    verdict: "honoured",
    note: "Later system messages move to the system prompt, `name` is left out, an assistant's turn at either end gets a user's beside it; warnings say so",
  },
  stream: { verdict: "honoured", note: "A whole answer is the stream, collected" },
  stream_options: { verdict: "honoured", note: "`include_usage`; obfuscation is not done" },
  max_completion_tokens: { verdict: "honoured", note: "Kept by the upstream; goes before `max_tokens`" },
  max_tokens: { verdict: "honoured", note: "Kept by the upstream" },
  stop: { verdict: "honoured", note: "Also cut out of the stream by Sluice itself; blank ones by it alone" },
  tools: { verdict: "honoured", note: "Functions; custom tools are refused" },
  tool_choice: { verdict: "honoured", note: "With `allowed_tools`, only those are there" },
  parallel_tool_calls: { verdict: "honoured", note: "A second call is cut where `false` forbids it" },
  functions: { verdict: "honoured", note: "Answered with `function_call`, one at a time" },
  function_call: { verdict: "honoured", note: "As `tool_choice`" },
  response_format: {
    verdict: "honoured",
    note: "Checked before the answer ends, against a strict schema; a warning tells of one that the upstream can't hold to",
  },
  reasoning_effort: {
    verdict: "approximated",
    note: "`minimal` is low; thoughts come as `reasoning_content`; none before a forced call",
  },
  temperature: { verdict: "approximated", note: "Above 1 lowered to 1; ignored while reasoning" },
  top_p: { verdict: "approximated", note: "Below 0.95 ignored while reasoning" },

  frequency_penalty: { verdict: "ignored", note: "The models have none", idle: is(0) },
  presence_penalty: { verdict: "ignored", note: "The models have none", idle: is(0) },
  logit_bias: {
    verdict: "ignored",
    note: "The models have none",
    idle: (value) => Object.keys(value ?? {}).length === 0,
  },
  seed: { verdict: "ignored", note: "The models have none" },
  verbosity: { verdict: "ignored", note: "The models have none", idle: is("medium") },
  prediction: { verdict: "ignored", note: "It would only make the answer faster" },
  store: { verdict: "ignored", note: "Chat completions are not stored", idle: is(false) },

  metadata: { verdict: "hint", note: "Of stored completions" },
  user: { verdict: "hint", note: "Claude Code sends its own" },
  safety_identifier: { verdict: "hint", note: "Claude Code sends its own" },
  prompt_cache_key: { verdict: "hint", note: "Prompts are cached by what they say" },
  prompt_cache_options: { verdict: "hint", note: "Claude Code places the marks of the cache itself" },
  prompt_cache_retention: { verdict: "hint", note: "As long as the upstream keeps it" },
  service_tier: { verdict: "hint", note: "Answered as `default`" },

  n: { verdict: "refused", note: "only one choice can be answered", idle: is(1) },
  logprobs: { verdict: "refused", note: "log probabilities are not available", idle: is(false) },
  top_logprobs: { verdict: "refused", note: "log probabilities are not available", idle: is(0) },
  audio: { verdict: "refused", note: "audio output is not supported" },
  modalities: {
    verdict: "refused",
    note: "audio output is not supported",
    idle: (value) => Array.isArray(value) && !value.includes("audio"),
  },
  web_search_options: { verdict: "refused", note: "web search is not supported" },
  moderation: { verdict: "refused", note: "moderation is not supported" },
} as const satisfies Parameters;
