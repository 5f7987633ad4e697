/**
 * The official SDKs' types as a schema of every payload: `bun check` fails where a field that they require is missing or
 * of another type. Nothing here runs. Where a payload differs, it is said why.
 */

import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import type { count as countMessages } from "../../src/dialect/anthropic/count.ts";
import type { WireEvent, WireMessage } from "../../src/dialect/anthropic/encode.ts";
import type * as anthropicErrors from "../../src/dialect/anthropic/errors.ts";
import type * as anthropicModels from "../../src/dialect/anthropic/models.ts";
import type { Chunk } from "../../src/dialect/chat/chunks.ts";
import type { Completion } from "../../src/dialect/chat/encode.ts";
import type * as openaiErrors from "../../src/dialect/openai-errors.ts";
import type * as openaiModels from "../../src/dialect/openai-models.ts";
import type { compact } from "../../src/dialect/responses/compact.ts";
import type { count as countInput } from "../../src/dialect/responses/count.ts";
import type { ResponseObject } from "../../src/dialect/responses/response.ts";
import type * as stored from "../../src/dialect/responses/stored.ts";
import type { ResponseEvent } from "../../src/dialect/responses/writer.ts";

/** Compiles only where `Ours` can be read as `Theirs`. */
type Is<Ours extends Theirs, Theirs> = [Ours, Theirs];

/** A value as it is sent: JSON leaves out a field that is undefined. */
type Sent<T> = T extends readonly (infer Element)[]
  ? Sent<Element>[]
  : T extends object
    ? { [Key in keyof T as MayBeAbsent<T[Key]> extends true ? never : Key]: Sent<T[Key]> } & {
        [Key in keyof T as MayBeAbsent<T[Key]> extends true ? Key : never]?: Sent<Exclude<T[Key], undefined>>;
      }
    : T;
type MayBeAbsent<T> = unknown extends T ? false : undefined extends T ? true : false;

type SentBy<F extends (...args: never) => unknown> = Sent<ReturnType<F>>;

/** `T` with other types of some of its fields. */
type Changed<T, Changes> = Omit<T, keyof Changes> & Changes;

/** What the upstream sends is passed on: where it is a word of a list, also one that is newer than the SDK. */
type Word = string | null;
type Usage = Changed<Anthropic.Usage, { service_tier: Word; speed: Word }>;
type StopDetails = Changed<Anthropic.RefusalStopDetails, { category: Word }>;

/** `citations: null` breaks clients (api-dialects 1.2); what is in them is the upstream's. */
type Text = Changed<Anthropic.TextBlock, { citations?: unknown[] }>;
type Block = Text | Anthropic.ThinkingBlock | Anthropic.RedactedThinkingBlock | Anthropic.ToolUseBlock;
type CitationsDelta = Changed<Anthropic.CitationsDelta, { citation: unknown }>;
type BlockDelta = Exclude<Anthropic.RawContentBlockDelta, Anthropic.CitationsDelta> | CitationsDelta;

type Message = Changed<Anthropic.Message, { content: Block[]; usage: Usage; stop_details: StopDetails | null }>;
type MessageDelta = Changed<Anthropic.RawMessageDeltaEvent["delta"], { stop_details: StopDetails | null }>;

/** The API's own type of a 413, which the SDK knows by its status (api-dialects 1.5). */
type TooLarge = { type: "request_too_large"; message: string };
type AnthropicError = Changed<Anthropic.ErrorResponse, { error: Anthropic.ErrorObject | TooLarge }>;

/** The SDK has no type of the last two: it skips the one, and throws the other. */
type AnthropicEvent =
  | Changed<Anthropic.RawMessageStartEvent, { message: Message }>
  | Changed<Anthropic.RawContentBlockStartEvent, { content_block: Block }>
  | Changed<Anthropic.RawContentBlockDeltaEvent, { delta: BlockDelta }>
  | Anthropic.RawContentBlockStopEvent
  | Changed<Anthropic.RawMessageDeltaEvent, { delta: MessageDelta }>
  | Anthropic.RawMessageStopEvent
  | { type: "ping" }
  | Omit<AnthropicError, "request_id">;

export type AnthropicPayloads = [
  Is<Sent<WireMessage>, Message>,
  Is<Sent<WireEvent>, AnthropicEvent>,
  Is<SentBy<typeof anthropicErrors.encodeError>["body"], AnthropicError>,
  Is<SentBy<typeof anthropicModels.encodeModel>, Anthropic.ModelInfo>,
  Is<
    SentBy<typeof anthropicModels.encodeModels>,
    Pick<Anthropic.ModelInfosPage, "data" | "has_more" | "first_id" | "last_id">
  >,
  Is<SentBy<typeof countMessages.encode>, Anthropic.MessageTokensCount>,
];

/** `reasoning_content` is in no type of the SDK's, but clients that show thinking read it (api-dialects 2.2). */
type Delta = OpenAI.ChatCompletionChunk.Choice.Delta & { reasoning_content?: string };
type Choice = Changed<OpenAI.ChatCompletionChunk.Choice, { delta: Delta }>;

export type ChatPayloads = [
  Is<Sent<Completion>, OpenAI.ChatCompletion>,
  Is<Sent<Chunk>, Changed<OpenAI.ChatCompletionChunk, { choices: Choice[] }>>,
  Is<SentBy<typeof openaiErrors.encodeError>["body"], { error: OpenAI.ErrorObject }>,
  Is<SentBy<typeof openaiModels.encodeModel>, OpenAI.Model>,
  Is<SentBy<typeof openaiModels.encodeModels>, Pick<OpenAI.ModelsPage, "object" | "data">>,
];

/**
 * `output_text` is the SDK's own. The wire has `usage: null` before the end (api-dialects 3.2), and clients act on more
 * codes of errors than the SDK lists (3.3).
 */
type Response = Changed<
  Omit<OpenAI.Responses.Response, "output_text">,
  { error: { code: string; message: string } | null; usage: OpenAI.Responses.ResponseUsage | null }
>;

type Lifecycle = Extract<OpenAI.Responses.ResponseStreamEvent, { response: unknown }>;
/** The type is flat; the wire is nested, and the SDK reads both (api-dialects 3.3). */
type FailureEvent = Changed<
  Pick<OpenAI.Responses.ResponseErrorEvent, "type" | "sequence_number">,
  { error: OpenAI.ErrorObject }
>;

type ResponsesEvent =
  | Exclude<OpenAI.Responses.ResponseStreamEvent, Lifecycle | OpenAI.Responses.ResponseErrorEvent>
  | Changed<Lifecycle, { response: Response }>
  | FailureEvent;

/** An empty page has no ids. */
type ItemPage = Changed<OpenAI.Responses.ResponseItemList, { first_id: string | null; last_id: string | null }>;

export type ResponsesPayloads = [
  Is<Sent<ResponseObject>, Response>,
  Is<Sent<ResponseEvent>, ResponsesEvent>,
  Is<SentBy<typeof stored.encodeStored>, Response>,
  Is<SentBy<typeof stored.encodeInputItems>, ItemPage>,
  // The SDK reads no body: this is the API's (api-dialects 3.4).
  Is<SentBy<typeof stored.deleteStored>, { id: string; object: "response"; deleted: true }>,
  Is<SentBy<typeof compact>, OpenAI.Responses.CompactedResponse>,
  Is<SentBy<typeof countInput.encode>, OpenAI.Responses.InputTokenCountResponse>,
];
