/** What a fake CLI is told to do: steps, and the builders of the usual ones. */

import type { AnswerMessage, MessageEvent } from "../../src/messages/types.ts";
import { eventsOf, type MessageReply, messageOf } from "./mock-replies.ts";

/** The life of one fake process. Everything that is not said is done as the real CLI does it. */
export interface Script {
  /** What `--version` prints before ` (Claude Code)`, and `initialize` answers; that of the pinned CLI if not given. */
  version?: string;
  /** What `auth status` says. */
  loggedIn?: boolean;
  /** Done before the first byte of stdin is read. */
  startup?: Step[];
  /** The n-th turn that queries; the ones after the last are answered with an echo. */
  turns?: Step[][];
  /** Turns are answered by the upstream, which is asked with the conversation that the process was told. */
  asks?: boolean;
  /** What happens in a turn whose question holds these words, beside its answer. */
  troubles?: Trouble[];
  /** Answers to control requests by subtype, in place of the usual ones. */
  control?: Record<string, ControlAnswer>;
  ignoreSigterm?: boolean;
  /** A delta of text says when it is printed instead of its own words (milliseconds since the epoch, and a blank). */
  stamps?: boolean;
  /** Stdout is written in pieces of so many bytes, wherever that cuts. */
  pieceBytes?: number;
}

export interface Trouble {
  words: string;
  /** After so many steps of the answer; before it, if it is not said. */
  after?: number;
  /** Not again in another process that is asked the same. */
  once?: boolean;
  steps: Step[];
}

export type ControlAnswer = (
  { subtype: "success"; response?: unknown } | { subtype: "error"; error: string; error_code?: string }
) & {
  /** It takes so long (milliseconds). */
  after?: number;
};

/** One thing to do. */
export type Step =
  | { do: "line"; value: Line }
  | { do: "raw"; text: string }
  | { do: "file"; path: string }
  | { do: "stderr"; text: string }
  | { do: "wait"; ms: number }
  | { do: "hang" }
  | { do: "exit"; code: number }
  | { do: "kill" }
  | { do: "grandchild"; seconds: number; session: boolean }
  | { do: "endless"; line?: Line };

/** A line of stdout; `uuid` and `session_id` are added. */
export interface Line {
  type: string;
  [field: string]: unknown;
}

/** The line of a text delta that says when it was made; other lines as they are. */
export function stamped(value: Line): Line {
  const { event } = value as { event?: MessageEvent };
  if (event?.type !== "content_block_delta" || event.delta.type !== "text_delta") return value;
  const text = `${performance.timeOrigin + performance.now()} `;
  return { ...value, event: { ...event, delta: { type: "text_delta", text } } };
}

/** Prints one line. */
export const line = (value: Line): Step => ({ do: "line", value });
/** Prints text as it is: noise, half a line. */
export const raw = (text: string): Step => ({ do: "raw", text });
/** Prints what a file holds by then. */
export const file = (path: string): Step => ({ do: "file", path });
export const stderr = (text: string): Step => ({ do: "stderr", text });
/** Waits; an interrupt ends the turn meanwhile. */
export const wait = (ms: number): Step => ({ do: "wait", ms });
/** Never does anything again, not even answer control requests. Signals still end it. */
export const hang: Step = { do: "hang" };
/** Ends at once, with what was printed so far. */
export const exit = (code: number): Step => ({ do: "exit", code });
/** Is ended by SIGKILL. */
export const kill: Step = { do: "kill" };
/** Starts a process that outlives this one and holds its stdout open; in a session of its own, as commands of the Bash tool are. */
export const grandchild = (seconds: number, { session = false } = {}): Step => ({ do: "grandchild", seconds, session });
/** Prints a line that has no end. */
export const endless: Step = { do: "endless" };
/** Prints lines without an end: an answer that never stops. */
export const endlessText: Step = {
  do: "endless",
  line: {
    type: "stream_event",
    event: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x".repeat(10_000) } },
    parent_tool_use_id: null,
  },
};
/** Prints one line of about so many bytes that means nothing. */
export const longLine = (bytes: number): Step => line({ type: "system", subtype: "noise", text: "x".repeat(bytes) });

/** How every turn opens; `answer(…).slice(opening.length)` is the rest, such as a retry prints it. */
export const opening: readonly Step[] = [
  line({
    type: "system",
    subtype: "init",
    tools: [],
    mcp_servers: [],
    permissionMode: "dontAsk",
    apiKeySource: "ANTHROPIC_API_KEY",
    claude_code_version: "2.1.329",
  }),
  line({ type: "system", subtype: "status", status: "requesting" }),
];

/** A whole turn with this answer. */
export function answer(reply: MessageReply): Step[] {
  const message = messageOf(reply, `msg_fake_${crypto.randomUUID()}`, "claude-opus-5-5");
  return [...opening, ...messageLines(message, reply), result(message)];
}

/** The lines of one upstream message. */
function messageLines(message: AnswerMessage, { chunks, delayMs }: { chunks: number; delayMs: number }): Step[] {
  const pause = delayMs > 0 ? [wait(delayMs)] : [];
  return eventsOf(message, chunks)
    .filter((event) => event.type !== "ping")
    .flatMap((event) => [...(event.type === "message_start" ? [] : pause), ...linesOf(event, message).map(line)]);
}

/** The steps up to the first line of this type, or the first stream event of it, and with it. */
export function until(type: string, steps: readonly Step[]): Step[] {
  const last = steps.findIndex((step) => step.do === "line" && [step.value.type, eventType(step.value)].includes(type));
  if (last === -1) throw new Error(`No step prints ${type}`);
  return steps.slice(0, last + 1);
}

/** The CLI tells that it tries again. */
export function apiRetry(fields: Record<string, unknown> = {}): Step {
  return line({
    type: "system",
    subtype: "api_retry",
    attempt: 1,
    max_retries: 2,
    retry_delay_ms: 10,
    error_status: 529,
    error: "server_error",
    ...fields,
  });
}

/** The state of the subscription's limits. */
export function rateLimit(info: Record<string, unknown>): Step {
  return line({
    type: "rate_limit_event",
    rate_limit_info: { rateLimitType: "five_hour", isUsingOverage: false, ...info },
  });
}

export interface ApiFailure {
  status: number;
  /** `rate_limit_error` … */
  type: string;
  /** The CLI's own word: `rate_limit`, `authentication_failed`, `server_error` … */
  error: string;
  text: string;
}

/** A whole turn that the upstream refused. */
export function apiError({ status, type, error, text }: ApiFailure): Step[] {
  const api = { api_error_status: status, api_error_type: type };
  return [
    ...opening,
    line({
      type: "assistant",
      message: {
        id: crypto.randomUUID(),
        type: "message",
        role: "assistant",
        model: "<synthetic>",
        content: [{ type: "text", text }],
        stop_reason: "stop_sequence",
        stop_sequence: "",
        usage: noUsage,
      },
      parent_tool_use_id: null,
      error,
      is_api_error_message: true,
      ...api,
    }),
    resultLine({ is_error: true, result: text, stop_reason: "stop_sequence", terminal_reason: "api_error", ...api }),
  ];
}

/** The last line of a turn that went well. */
function result({ content, stop_reason, usage }: AnswerMessage): Step {
  const words = content.flatMap((block) => (block.type === "text" ? block.text : [])).join("");
  return resultLine({ result: words, stop_reason, usage, terminal_reason: "completed" });
}

/** Any `result` line. */
export function resultLine(fields: Record<string, unknown>): Step {
  return line({
    type: "result",
    subtype: "success",
    is_error: false,
    num_turns: 1,
    duration_ms: 10,
    duration_api_ms: 5,
    total_cost_usd: 0,
    usage: noUsage,
    modelUsage: {},
    permission_denials: [],
    ...fields,
  });
}

const noUsage = {
  input_tokens: 0,
  output_tokens: 0,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
};

/** An event's lines. The CLI prints a block whole just before its stop, always with the usage of the start. */
function linesOf(event: MessageEvent, message: AnswerMessage): Line[] {
  const streamed: Line = { type: "stream_event", event, parent_tool_use_id: null, api_message_id: message.id };
  if (event.type === "content_block_delta" && event.delta.type === "thinking_delta") {
    return [{ type: "system", subtype: "thinking_tokens", estimated_tokens: 2, estimated_tokens_delta: 2 }, streamed];
  }
  if (event.type !== "content_block_stop") return [streamed];
  const whole = {
    ...message,
    content: [message.content[event.index]],
    stop_reason: null,
    stop_sequence: null,
    usage: { ...message.usage, output_tokens: 1 },
  };
  return [{ type: "assistant", message: whole, parent_tool_use_id: null, request_id: "req_fake" }, streamed];
}

function eventType(value: Line): string | undefined {
  return (value["event"] as { type?: string } | undefined)?.type;
}
