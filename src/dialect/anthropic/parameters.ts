import type { Parameters } from "../../messages/parameters.ts";

/** Claude Code keeps all thinking by itself, and as a client asks for just that. */
const keepsThinking = (value: unknown): boolean => {
  const edits = typeof value === "object" && value !== null && "edits" in value ? value.edits : undefined;
  return Array.isArray(edits) && edits.every((edit) => edit?.type === "clear_thinking_20251015" && edit.keep === "all");
};

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** What becomes of each parameter of `POST /v1/messages` (api-dialects 1.1). */
export const parameters = {
  model: { verdict: "honoured", note: "Any spelling of a model of Claude Code's" },
  max_tokens: {
    verdict: "honoured",
    note: "Kept by the upstream, and by Sluice where that is surely passed; 0 asks for one token, and leaves it out",
  },
  messages: {
    verdict: "honoured",
    note: "System turns move to the system prompt, and prefill is followed by a turn of the user's; warnings say so",
  },
  system: { verdict: "honoured", note: "Behind the line with which Claude Code identifies itself" },
  stream: { verdict: "honoured", note: "A whole answer is the stream, collected" },
  stop_sequences: { verdict: "honoured", note: "Also cut out of the stream by Sluice itself" },
  temperature: { verdict: "honoured", note: "Refused with version 2026-10-21, which has no such parameter" },
  top_p: { verdict: "honoured", note: "Refused with version 2026-10-21, which has no such parameter" },
  top_k: { verdict: "honoured", note: "Refused with version 2026-10-21, which has no such parameter" },
  tools: { verdict: "honoured", note: "Custom tools; hosted ones and those of the API's own schemas are refused" },
  tool_choice: { verdict: "honoured", note: "A second call is cut where parallel ones are disabled" },
  thinking: { verdict: "honoured", note: "`adaptive` becomes a budget for models that know only budgets" },
  output_config: {
    verdict: "honoured",
    note: "Effort as far as the model knows it; the answer is checked against `format` before it ends",
  },
  output_format: { verdict: "honoured", note: "The beta's name of `output_config.format`" },
  service_tier: { verdict: "honoured", note: "Passed on" },
  speed: { verdict: "honoured", note: "Passed on" },
  inference_geo: { verdict: "honoured", note: "Passed on" },
  betas: { verdict: "honoured", note: "Of the header `anthropic-beta`: passed on, but for Claude Code's own" },

  cache_control: { verdict: "hint", note: "Claude Code places the marks of the cache itself" },
  metadata: { verdict: "hint", note: "Claude Code sends its own" },

  context_management: { verdict: "ignored", note: "Claude Code manages the context itself", idle: keepsThinking },
  diagnostics: { verdict: "ignored", note: "What the upstream says of its cache is not passed on" },
  fallbacks: { verdict: "ignored", note: "A refusal is answered as one" },
  fallback_credit_token: { verdict: "ignored", note: "A refusal brings no token" },
  user_profile_id: { verdict: "ignored", note: "Of the header `anthropic-user-profile-id`" },
  workspace_id: { verdict: "ignored", note: "Of the header `anthropic-workspace-id`: the login chooses the workspace" },

  container: { verdict: "refused", note: "containers are not supported" },
  mcp_servers: { verdict: "refused", note: "MCP servers are not supported", idle: isEmptyList },
  compaction: { verdict: "refused", note: "compaction is not supported" },
  billing_policy: { verdict: "refused", note: "who is billed is chosen by Claude Code's login" },
  thread: { verdict: "refused", note: "threads are not supported: send the whole conversation" },
} as const satisfies Parameters;
