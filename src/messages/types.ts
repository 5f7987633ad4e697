/**
 * The canonical form: the Anthropic Messages request and its stream events. Both engines speak it, and the OpenAI
 * dialects can be derived from its block boundaries. Wire names stay as the API spells them.
 */

/** A request after decode: content is always a list of blocks, roles alternate, the last message is the user's. */
export interface MessagesRequest {
  /** The name the client asked for, as it was spelled; the engine resolves it. */
  model: string;
  /** Tokens. Absent where the dialect allows that: then the model's own limit holds. */
  max_tokens?: number | undefined;
  system: TextBlock[];
  messages: Message[];
  tools?: Tool[] | undefined;
  tool_choice?: ToolChoice | undefined;
  thinking?: ThinkingConfig | undefined;
  output_config?: OutputConfig | undefined;
  temperature?: number | undefined;
  top_p?: number | undefined;
  top_k?: number | undefined;
  stop_sequences?: string[] | undefined;
  service_tier?: string | undefined;
  /** `fast` where the upstream has it. */
  speed?: string | undefined;
  /** Where the upstream computes the answer. */
  inference_geo?: string | undefined;
  /** The upstream's betas that the client asked for by name. */
  betas?: string[] | undefined;
  /**
   * What the text of the answer must be, where `output_config.format` does not say it all: a JSON object of any schema,
   * JSON of a schema that the client takes as advice, or of one that may say more than the upstream understands. Seen to
   * by Sluice itself; no upstream is told.
   */
  text_format?: "json_object" | "json" | { schema: Record<string, unknown> } | undefined;
}

export interface Message {
  role: "user" | "assistant";
  content: ContentBlock[];
}

export type ContentBlock =
  | TextBlock
  | ImageBlock
  | DocumentBlock
  | SearchResultBlock
  | ToolUseBlock
  | ToolResultBlock
  | ThinkingBlock
  | RedactedThinkingBlock;

export interface CacheControl {
  type: "ephemeral";
  ttl?: string | undefined;
}

export interface TextBlock {
  type: "text";
  text: string;
  citations?: unknown[] | undefined;
  cache_control?: CacheControl | undefined;
}

export interface ImageBlock {
  type: "image";
  source: { type: "base64"; media_type: string; data: string } | { type: "url"; url: string };
  /** A beta: what becomes of an image that is too large. */
  transformations?: Record<string, unknown> | undefined;
  cache_control?: CacheControl | undefined;
}

export interface DocumentBlock {
  type: "document";
  source:
    | { type: "base64"; media_type: string; data: string }
    | { type: "text"; media_type: string; data: string }
    | { type: "url"; url: string }
    | { type: "content"; content: string | (TextBlock | ImageBlock)[] };
  title?: string | null | undefined;
  context?: string | null | undefined;
  citations?: unknown;
  cache_control?: CacheControl | undefined;
}

export interface SearchResultBlock {
  type: "search_result";
  source: string;
  title: string;
  content: TextBlock[];
  citations?: unknown;
  cache_control?: CacheControl | undefined;
}

export interface ToolUseBlock {
  type: "tool_use";
  id: string;
  name: string;
  input: Record<string, unknown>;
  /** In an answer: the model itself, and no code of its own. */
  caller?: { type: "direct" } | undefined;
  cache_control?: CacheControl | undefined;
}

export interface ToolResultBlock {
  type: "tool_result";
  tool_use_id: string;
  content: (TextBlock | ImageBlock | DocumentBlock | SearchResultBlock)[];
  is_error?: boolean | undefined;
  cache_control?: CacheControl | undefined;
}

export interface ThinkingBlock {
  type: "thinking";
  thinking: string;
  signature: string;
}

export interface RedactedThinkingBlock {
  type: "redacted_thinking";
  data: string;
}

/** A tool that the client runs itself. */
export interface Tool {
  /** Unique in its request. May be a name that the API's pattern refuses: the engine maps it, there and back. */
  name: string;
  description?: string | undefined;
  /** A JSON Schema that says `type: "object"`. */
  input_schema: Record<string, unknown>;
  strict?: boolean | undefined;
  input_examples?: Record<string, unknown>[] | undefined;
  eager_input_streaming?: boolean | undefined;
  defer_loading?: boolean | undefined;
}

export type ToolChoice =
  | { type: "auto" | "any"; disable_parallel_tool_use?: boolean | undefined }
  | { type: "tool"; name: string; disable_parallel_tool_use?: boolean | undefined }
  | { type: "none" };

export interface ThinkingConfig {
  type: "enabled" | "adaptive" | "disabled" | "between_tools";
  budget_tokens?: number | undefined;
  display?: string | undefined;
  /** A beta: what becomes of replayed thinking that was signed for another conversation. */
  block_binding?: Record<string, unknown> | undefined;
}

export type Effort = "low" | "medium" | "high" | "xhigh" | "max";

export interface OutputConfig {
  effort?: Effort | undefined;
  format?: { type: "json_schema"; schema: Record<string, unknown> } | undefined;
  /** A beta: what an agent's whole task may cost. */
  task_budget?: Record<string, unknown> | undefined;
}

/** Token counts. In a stream those of `message_delta` are cumulative: later ones replace earlier ones. */
export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cache_creation_input_tokens: number;
  cache_read_input_tokens: number;
  cache_creation?: { ephemeral_5m_input_tokens: number; ephemeral_1h_input_tokens: number } | null | undefined;
  output_tokens_details?: { thinking_tokens: number } | null | undefined;
  server_tool_use?: { web_search_requests: number; web_fetch_requests: number } | null | undefined;
  service_tier?: string | null | undefined;
  inference_geo?: string | null | undefined;
  speed?: string | null | undefined;
}

export type StopReason =
  "end_turn" | "max_tokens" | "stop_sequence" | "tool_use" | "pause_turn" | "refusal" | "model_context_window_exceeded";

/** A block of an answer; what starts empty in a stream and is filled by deltas. */
export type AnswerBlock = TextBlock | ThinkingBlock | RedactedThinkingBlock | ToolUseBlock;

/** A whole answer: what `collect` makes of the events, and what `message_start` carries with empty content. */
export interface AnswerMessage {
  id: string;
  type: "message";
  role: "assistant";
  /** The upstream's own name; encoders answer with the name that the client asked for. */
  model: string;
  content: AnswerBlock[];
  stop_reason: StopReason | null;
  stop_sequence: string | null;
  stop_details?: StopDetails | null | undefined;
  usage: Usage;
  /** The answer was cut in the middle of a call, which is left out. */
  cut_call?: true | undefined;
}

/** Why the model refused (Messages API, `stop_reason: "refusal"`). */
export interface StopDetails {
  type: "refusal";
  category?: string | null | undefined;
  explanation?: string | null | undefined;
}

export type BlockDelta =
  | { type: "text_delta"; text: string }
  | { type: "input_json_delta"; partial_json: string }
  | { type: "thinking_delta"; thinking: string }
  | { type: "signature_delta"; signature: string }
  | { type: "citations_delta"; citation: unknown };

/** One stream event. Blocks are numbered 0, 1, 2 … and never interleave. A failure is a thrown ProxyError, not an event. */
export type MessageEvent =
  | { type: "message_start"; message: AnswerMessage }
  | { type: "ping" }
  | { type: "content_block_start"; index: number; content_block: AnswerBlock }
  | { type: "content_block_delta"; index: number; delta: BlockDelta }
  | { type: "content_block_stop"; index: number }
  | {
      type: "message_delta";
      delta: { stop_reason: StopReason; stop_sequence: string | null; stop_details?: StopDetails | null | undefined };
      usage: Partial<Usage>;
    }
  | { type: "message_stop" };

/** The events of an answer as they come: those that came together, together. */
export type Events = AsyncIterable<readonly MessageEvent[]>;

/** A model that can be asked for. */
export interface Model {
  /** What to put into `model`: the full id, or an alias such as `sonnet`. */
  id: string;
  display_name: string;
  /** The full id that an alias stands for; the id itself otherwise. */
  resolved: string;
  /** Seconds since 1970, 0 when unknown. */
  created: number;
  /** Absent when unknown. */
  line?: ModelLine | undefined;
}

/** What the models of one kind have in common. */
export type ModelLine = "haiku" | "sonnet" | "opus" | "fable" | "mythos";
