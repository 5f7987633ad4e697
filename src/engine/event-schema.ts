/** The upstream's stream events, as far as Sluice relies on them. What is newer than ours passes. */

import { z } from "zod";
import { ProxyError } from "../error.ts";
import type { MessageEvent } from "../messages/types.ts";
import { readPlain } from "./plain-events.ts";

/** A field that is as good as absent where it is of another type. */
export const perhaps = <S extends z.ZodType>(schema: S) => schema.optional().catch(undefined);
export const orNull = <S extends z.ZodType>(schema: S) => schema.nullish().catch(null);

const count = perhaps(z.number().min(0));
/** Numbers of tokens and the like; what is none is not counted. */
export const counts = <K extends string>(...names: K[]) =>
  z.looseObject(Object.fromEntries(names.map((name) => [name, count])) as Record<K, typeof count>);

const text = z.string();
/** Known already; named first so that it stays first. */
const type = text;

export const usage = orNull(
  z.looseObject({
    ...counts("input_tokens", "output_tokens", "cache_creation_input_tokens", "cache_read_input_tokens").shape,
    cache_creation: orNull(counts("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")),
    output_tokens_details: orNull(counts("thinking_tokens")),
    server_tool_use: orNull(counts("web_search_requests", "web_fetch_requests")),
    service_tier: orNull(text),
    inference_geo: orNull(text),
    speed: orNull(text),
  }),
);

const index = z.int().min(0);

const blocks = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text"), text, citations: orNull(z.array(z.unknown())) }),
  z.looseObject({ type: z.literal("thinking"), thinking: text, signature: text.catch("") }),
  z.looseObject({ type: z.literal("redacted_thinking"), data: text }),
  z.looseObject({
    type: z.literal("tool_use"),
    id: text.min(1),
    name: text.min(1),
    // As it is: what a record copies loses a key such as `__proto__`.
    input: z
      .unknown()
      .optional()
      .transform((input) => (isObject(input) ? input : {})),
    caller: orNull(z.looseObject({ type: text })),
  }),
]);

const deltas = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text_delta"), text }),
  z.looseObject({ type: z.literal("input_json_delta"), partial_json: text }),
  z.looseObject({ type: z.literal("thinking_delta"), thinking: text }),
  z.looseObject({ type: z.literal("signature_delta"), signature: text }),
  z.looseObject({ type: z.literal("citations_delta"), citation: z.unknown() }),
]);

const stopDetails = z.looseObject({ type: z.literal("refusal"), category: orNull(text), explanation: orNull(text) });

/** The schema of each event that has one. */
export const schemas: ReadonlyMap<unknown, z.ZodType> = new Map<unknown, z.ZodType>(
  Object.entries({
    message_start: z.looseObject({
      type,
      message: z.looseObject({
        id: text.min(1),
        type: z.literal("message").catch("message"),
        role: z.literal("assistant").catch("assistant"),
        model: text.catch(""),
        // A message begins with nothing, and has no end yet.
        content: z.array(z.never()).catch([]),
        stop_reason: z.null().catch(null),
        stop_sequence: z.null().catch(null),
        usage,
      }),
    }),
    content_block_start: z.looseObject({ type, index, content_block: known(blocks) }),
    content_block_delta: z.looseObject({ type, index, delta: known(deltas) }),
    content_block_stop: z.looseObject({ type, index }),
    message_delta: z.looseObject({
      type,
      delta: z.looseObject({
        stop_reason: orNull(text),
        stop_sequence: text.nullable().catch(null),
        stop_details: orNull(stopDetails),
      }),
      usage,
    }),
  }),
);

/** One of these, or of a type that is none of theirs. */
function known(union: typeof blocks | typeof deltas): z.ZodType {
  const types = new Set<string>(union.options.map(({ shape }) => shape.type.value));
  const newer = z.looseObject({ type: text.refine((type) => !types.has(type)) });
  return z.union([union, newer]);
}

/**
 * An event whose fields are of the types that ours have; one of a newer type as it is. Throws a ProxyError of kind
 * `upstream` where one of ours can't be read: without it the rest would be another answer.
 */
export function readEvent(event: unknown): MessageEvent {
  if (!isObject(event) || typeof event["type"] !== "string") throw broken("an event without a type");
  const { type } = event;
  const plain = readPlain(type, event);
  if (plain !== undefined) return plain;
  const { success, data, error } = schemas.get(type)?.safeParse(event) ?? { success: true, data: event };
  if (!success) throw broken(`${type} without a valid ${error?.issues[0]?.path.join(".")}`);
  return data as MessageEvent;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function broken(what: string): ProxyError {
  return new ProxyError("upstream", `The answer's event stream is broken: ${what}.`);
}
