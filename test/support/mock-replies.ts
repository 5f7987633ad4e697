/** What the mock upstream can be told to answer. */

import type { AnswerBlock, AnswerMessage, MessageEvent, StopReason, Usage } from "../../src/messages/types.ts";

/** One answer of the mock. */
export type Reply = MessageReply | EventsReply | ErrorReply;

/** A message, as a stream or whole, as the request asks. */
export interface MessageReply {
  kind: "message";
  content: AnswerBlock[];
  stop_reason: StopReason;
  stop_sequence: string | null;
  usage: Usage;
  /** How many deltas carry the text of a block. */
  chunks: number;
  /** The wait before each event after the first. */
  delayMs: number;
  /** Headers of the answer, beside the usual ones. */
  headers: Record<string, string>;
  /** What happens instead of the rest of the stream. */
  breakage?: Breakage;
}

/** A stream of just these events; sent as they are. */
export interface EventsReply {
  kind: "events";
  events: readonly StreamEvent[];
}

/** An error with a status of its own. */
export interface ErrorReply {
  kind: "error";
  status: number;
  type: string;
  message: string;
  headers: Record<string, string>;
}

/** An event as it is sent: also such as our own types do not know. */
export type StreamEvent = MessageEvent | { type: string; [field: string]: unknown };

type Breakage = { afterEvents: number } & (
  { by: "cut"; when: Promise<unknown> | undefined } | { by: "stall" } | { by: "error"; type: string; message: string }
);

export interface MessageOptions {
  chunks?: number;
  delayMs?: number;
  headers?: Record<string, string>;
  usage?: Partial<Usage>;
  stop_reason?: StopReason;
  stop_sequence?: string;
}

const usualUsage: Usage = {
  input_tokens: 10,
  output_tokens: 7,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 5,
  cache_creation: { ephemeral_5m_input_tokens: 3, ephemeral_1h_input_tokens: 0 },
  service_tier: "standard",
};

/** A message of any blocks. */
export function blocks(content: AnswerBlock[], options: MessageOptions = {}): MessageReply {
  const calls = content.some((block) => block.type === "tool_use");
  return {
    kind: "message",
    content,
    stop_reason: options.stop_reason ?? (calls ? "tool_use" : "end_turn"),
    stop_sequence: options.stop_sequence ?? null,
    usage: { ...usualUsage, ...options.usage },
    chunks: options.chunks ?? 2,
    delayMs: options.delayMs ?? 0,
    headers: options.headers ?? {},
  };
}

/** A text. */
export function text(words: string, options?: MessageOptions): MessageReply {
  return blocks([{ type: "text", text: words }], options);
}

/** A thought, then a text. */
export function thinking(thought: string, words: string, options?: MessageOptions): MessageReply {
  return blocks(
    [
      { type: "thinking", thinking: thought, signature: "c2lnbmF0dXJl" },
      { type: "text", text: words },
    ],
    options,
  );
}

/** Calls of the client's tools, all in one message, after a text if there is one. */
export function toolUse(
  calls: readonly { name: string; input: Record<string, unknown>; id?: string }[],
  { text: words, ...options }: MessageOptions & { text?: string } = {},
): MessageReply {
  const uses = calls.map(({ name, input, id }) => ({
    type: "tool_use" as const,
    id: id ?? newToolUseId(),
    name,
    input,
  }));
  return blocks([...(words === undefined ? [] : [{ type: "text" as const, text: words }]), ...uses], options);
}

/** A refusal, which has no content. */
export function refusal(): MessageReply {
  return blocks([], { stop_reason: "refusal" });
}

/** Which stream breaks. */
interface BreakOptions {
  of?: MessageReply;
}

const neverRead = text("This is never read to its end.");

/**
 * The connection ends after so many events: at `when`, or a moment later. Without that moment a client such as Bun's
 * fetch reports the lost connection and drops the events that it had received.
 */
export function cut(
  afterEvents: number,
  { of = neverRead, when }: BreakOptions & { when?: Promise<unknown> } = {},
): MessageReply {
  return { ...of, breakage: { afterEvents, by: "cut", when } };
}

/** The stream is silent after so many events, until the client closes it. */
export function stall(afterEvents: number, { of = neverRead }: BreakOptions = {}): MessageReply {
  return { ...of, breakage: { afterEvents, by: "stall" } };
}

/** An `error` event in the stream; after the first delta, if nothing else is said. */
export function midStreamError(
  type: string,
  message: string,
  { of = neverRead, afterEvents = 4 }: BreakOptions & { afterEvents?: number } = {},
): MessageReply {
  return { ...of, breakage: { afterEvents, by: "error", type, message } };
}

/** An error with its status, before any stream. */
export function error(status: number, type: string, message: string, headers: Record<string, string> = {}): ErrorReply {
  return { kind: "error", status, type, message, headers };
}

/** Just these events. */
export function events(list: readonly StreamEvent[]): EventsReply {
  return { kind: "events", events: list };
}

/** The whole message of a reply. */
export function messageOf(reply: MessageReply, id: string, model: string): AnswerMessage {
  const { content, stop_reason, stop_sequence, usage } = reply;
  return { id, type: "message", role: "assistant", model, content, stop_reason, stop_sequence, usage };
}

/** The events of a message, as the API sends them. */
export function eventsOf(message: AnswerMessage, chunks: number): MessageEvent[] {
  const { content, stop_reason, stop_sequence, usage } = message;
  const { input_tokens, output_tokens, cache_creation_input_tokens, cache_read_input_tokens } = usage;
  return [
    {
      type: "message_start",
      message: {
        ...message,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    },
    { type: "ping" },
    ...content.flatMap((block, index) => blockEvents(block, index, chunks)),
    {
      type: "message_delta",
      delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence },
      usage: { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, output_tokens },
    },
    { type: "message_stop" },
  ];
}

function blockEvents(block: AnswerBlock, index: number, chunks: number): MessageEvent[] {
  const start = (content_block: AnswerBlock): MessageEvent => ({ type: "content_block_start", index, content_block });
  const stop: MessageEvent = { type: "content_block_stop", index };
  switch (block.type) {
    case "text":
      return [
        start({ type: "text", text: "" }),
        ...pieces(block.text, chunks).map((text) => delta(index, { type: "text_delta", text })),
        stop,
      ];
    case "thinking":
      return [
        start({ type: "thinking", thinking: "", signature: "" }),
        ...pieces(block.thinking, chunks).map((thinking) => delta(index, { type: "thinking_delta", thinking })),
        delta(index, { type: "signature_delta", signature: block.signature }),
        stop,
      ];
    case "tool_use":
      return [
        start({ ...block, input: {} }),
        // The API opens with an empty piece, and sends no other for a call without arguments.
        ...["", ...(Object.keys(block.input).length === 0 ? [] : pieces(JSON.stringify(block.input), chunks))].map(
          (partial_json) => delta(index, { type: "input_json_delta", partial_json }),
        ),
        stop,
      ];
    case "redacted_thinking":
      return [start(block), stop];
  }
}

function delta(index: number, change: Extract<MessageEvent, { type: "content_block_delta" }>["delta"]): MessageEvent {
  return { type: "content_block_delta", index, delta: change };
}

/** A text in at most so many pieces, never cut within a character. */
function pieces(whole: string, count: number): string[] {
  const characters = [...whole];
  const size = Math.max(1, Math.ceil(characters.length / count));
  return Array.from({ length: Math.ceil(characters.length / size) }, (_, n) =>
    characters.slice(n * size, (n + 1) * size).join(""),
  );
}

function newToolUseId(): string {
  return `toolu_01${crypto.randomUUID().replaceAll("-", "").slice(0, 22)}`;
}
