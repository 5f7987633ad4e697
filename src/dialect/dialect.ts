import type { ProxyError } from "../error.ts";
import type { AnswerMessage, MessageEvent, MessagesRequest, Model } from "../messages/types.ts";
import type { Memory } from "./responses/memory.ts";

/** One API that clients speak: bytes of a request in, canonical request out, canonical events back into its own shape. */
export interface Dialect {
  readonly name: "anthropic" | "chat" | "responses";
  /** Throws a ProxyError, of kind `invalid_request` where a field is at fault, and naming it. */
  decode(body: unknown, context: DecodeContext): Exchange;
  encodeError(error: ProxyError, requestId: string): ErrorAnswer;
  /** How tokens are counted; absent where the API has no route for it. */
  readonly count?: Counting;
  /** `GET /v1/models`. `query` carries the paging of the Anthropic API. */
  encodeModels(models: readonly Model[], query: URLSearchParams): unknown;
  /** `GET /v1/models/{id}`. */
  encodeModel(model: Model): unknown;
}

export interface Counting {
  /** Throws as the dialect's own `decode` does. */
  decode(body: unknown, context: DecodeContext): Pick<Exchange, "request" | "warnings">;
  encode(tokens: number): unknown;
}

export interface DecodeContext {
  headers: Headers;
  /** The model of a request that names none, if one is configured. */
  defaultModel: string | undefined;
  /** What the Responses API keeps from one request to the next; absent where nothing is kept. */
  memory?: Memory | undefined;
}

/** A decoded request and the encoder bound to what its answer must echo, so that encode never sees the body again. */
export interface Exchange {
  readonly request: MessagesRequest;
  readonly stream: boolean;
  /** What was asked for and will not be done: becomes `x-sluice-warning`. */
  readonly warnings: readonly string[];
  readonly encoder: Encoder;
}

/** Writes one answer in the dialect's own shape: either as a stream, or whole. */
export interface Encoder {
  /** The SSE messages of the stream go to `say`, in order. */
  stream(say: Say): StreamEncoder;
  /** The whole answer, for a client that did not ask for a stream. */
  whole(message: AnswerMessage): unknown;
}

/** Writes the SSE messages of a stream. */
export interface StreamEncoder {
  /** Those that one event becomes; none where the dialect has no word for it. */
  event(event: MessageEvent): void;
  /** The last ones of a stream that failed after its first event. */
  error(error: ProxyError): void;
}

/** Where an SSE message goes: its data, and the name of its event if it has one. Neither has a line break. */
export type Say = (data: string, event?: string) => void;

export interface SseMessage {
  event?: string;
  data: string;
}

export interface ErrorAnswer {
  status: number;
  body: unknown;
}
