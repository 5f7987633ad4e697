/**
 * The lines of the CLI's stream-json protocol, as far as Sluice reads or writes them. What the CLI prints is open-ended:
 * unknown types and fields are skipped, never an error. The types hold for what `readLine` gives.
 */

import type { ContentBlock, Message, Usage } from "../../messages/types.ts";

/** A line that the CLI printed; `type` says which. */
export interface CliLine {
  type: string;
  [field: string]: unknown;
}

export interface StreamEventLine extends CliLine {
  type: "stream_event";
  event: { type: string; [field: string]: unknown };
  /** Set on events of a sub-agent, which are not part of the answer. */
  parent_tool_use_id: string | null;
}

/** A message that the CLI made itself, in place of an answer, when a turn failed. */
export interface FailureLine extends CliLine {
  type: "assistant";
  error?: string;
  api_error?: string;
  api_error_status?: number | null;
  api_error_type?: string;
  message: { model: string; content: { type: string; text?: string }[] };
}

export interface ResultLine extends CliLine {
  type: "result";
  is_error: boolean;
  result?: string;
  errors?: string[];
  terminal_reason?: string;
  num_turns?: number;
  /** List price of all turns of the process so far. */
  total_cost_usd?: number;
  /** Of the agent's own messages. */
  usage?: Partial<Usage>;
  /** Of all, those of sub-agents too, by the model's name. */
  model_usage_since_last_result?: Record<string, ModelUsage>;
}

/** Token counts in the CLI's own spelling. */
export interface ModelUsage {
  inputTokens?: number;
  outputTokens?: number;
  cacheReadInputTokens?: number;
  cacheCreationInputTokens?: number;
  cacheCreationEphemeral5mInputTokens?: number;
  cacheCreationEphemeral1hInputTokens?: number;
  thinkingTokens?: number;
}

/** What a subscription has left, printed when the upstream tells it (OAuth only). */
export interface RateLimitLine extends CliLine {
  type: "rate_limit_event";
  rate_limit_info: { status?: string; resetsAt?: number; [field: string]: unknown };
}

export interface ControlRequest {
  subtype: string;
  [field: string]: unknown;
}

export interface UserLine {
  type: "user";
  message: { role: "user"; content: ContentBlock[] };
  parent_tool_use_id: null;
  session_id: "";
  /** Marks the text as composed by a program: no slash command, no file mention is looked for in it. */
  client_composed: true;
  shouldQuery?: false;
}

export interface AssistantLine {
  type: "assistant";
  message: { role: "assistant"; model: string; content: ContentBlock[] };
}

/** A user message; with `shouldQuery: false` it only joins the history. */
export function userLine(message: Message, query: "query" | "history"): UserLine {
  return {
    type: "user",
    message: { role: "user", content: message.content },
    parent_tool_use_id: null,
    session_id: "",
    client_composed: true,
    ...(query === "history" && { shouldQuery: false }),
  };
}

/**
 * An earlier answer, which joins the history as soon as the CLI reads it. `model` is the full id of the model that is
 * asked now: the CLI drops thinking that was signed for another.
 */
export function assistantLine(message: Message, model: string): AssistantLine {
  return { type: "assistant", message: { role: "assistant", model, content: message.content } };
}

export function isStreamEvent(line: CliLine): line is StreamEventLine {
  return line.type === "stream_event" && typeof line["event"] === "object" && line["event"] !== null;
}

/** True for a piece of an answer, behind which most often another comes. */
export function isDelta(line: CliLine): boolean {
  return isStreamEvent(line) && line.event.type === "content_block_delta";
}

export function isResult(line: CliLine): line is ResultLine {
  return line.type === "result";
}

export function isRateLimit(line: CliLine): line is RateLimitLine {
  const info = line["rate_limit_info"];
  return line.type === "rate_limit_event" && typeof info === "object" && info !== null;
}

/** True where the CLI is about to ask the upstream again. */
export function isRetry(line: CliLine): boolean {
  return line.type === "system" && line["subtype"] === "api_retry";
}

/** True for text that the CLI made itself: it looks like an answer and must never be taken for one. */
export function isFailure(line: CliLine): line is FailureLine {
  if (line.type !== "assistant") return false;
  const message = line["message"] as { model?: unknown } | undefined;
  return line["is_api_error_message"] === true || message?.model === "<synthetic>";
}
