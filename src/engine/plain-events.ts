/**
 * What nearly all of the upstream's events are, read without their schema, which takes ten to two hundred times as long:
 * fields that are known, each of its type. Of any other only the schema knows what it is.
 */

import type { MessageEvent } from "../messages/types.ts";

/** What the schema would make of a value; undefined where it must be asked. */
type Read = (value: unknown) => unknown;

const text: Read = (value) => (typeof value === "string" ? value : undefined);
const id: Read = (value) => (value === "" ? undefined : text(value));
const count: Read = (value) => (typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined);
const index: Read = (value) => (Number.isSafeInteger(value) ? count(value) : undefined);
const none: Read = (value) => (Array.isArray(value) && value.length === 0 ? value : undefined);
const is =
  (only: unknown): Read =>
  (value) =>
    value === only ? value : undefined;
const orNull =
  (read: Read): Read =>
  (value) =>
    value === null ? null : read(value);

/** An object with these fields and no others, as the schema has it: in this order. */
function object(fields: Readonly<Record<string, Read>>, presence: "required" | "optional" = "required"): Read {
  return (value) => {
    if (!isObject(value)) return undefined;
    const object: Record<string, unknown> = {};
    let unread = 0;
    for (const _ in value) unread++;
    for (const name in fields) {
      if (presence === "optional" && !Object.hasOwn(value, name)) continue;
      const read = fields[name]?.(value[name]);
      if (read === undefined) return undefined;
      object[name] = read;
      unread--;
    }
    return unread === 0 ? object : undefined;
  };
}

const counts = (...names: string[]): Read =>
  orNull(object(Object.fromEntries(names.map((name) => [name, count])), "optional"));

const usage = object(
  {
    input_tokens: count,
    output_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count,
    cache_creation: counts("ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"),
    output_tokens_details: counts("thinking_tokens"),
    server_tool_use: counts("web_search_requests", "web_fetch_requests"),
    service_tier: orNull(text),
    inference_geo: orNull(text),
    speed: orNull(text),
  },
  "optional",
);

const start = object({
  type: text,
  message: object({
    id,
    type: is("message"),
    role: is("assistant"),
    model: text,
    content: none,
    stop_reason: is(null),
    stop_sequence: is(null),
    usage,
  }),
});
const textBlock = object({ type: text, index, content_block: object({ type: is("text"), text }) });
const end = object({ type: text, delta: object({ stop_reason: text, stop_sequence: orNull(text) }), usage });

/** An event as its schema would have it; undefined where only the schema knows. */
export function readPlain(type: string, event: Record<string, unknown>): MessageEvent | undefined {
  switch (type) {
    case "content_block_delta":
      return index(event["index"]) !== undefined && isOfText(event["delta"])
        ? (event as unknown as MessageEvent)
        : undefined;
    case "content_block_stop":
      return index(event["index"]) === undefined ? undefined : (event as unknown as MessageEvent);
    case "message_start":
      return start(event) as MessageEvent | undefined;
    case "content_block_start":
      return textBlock(event) as MessageEvent | undefined;
    case "message_delta":
      return end(event) as MessageEvent | undefined;
    default:
      return undefined;
  }
}

/** The field of each delta that is nothing but a text. */
const texts: Readonly<Record<string, string>> = {
  text_delta: "text",
  thinking_delta: "thinking",
  input_json_delta: "partial_json",
  signature_delta: "signature",
};

/** Whatever else a delta has, it passes as it is. */
function isOfText(delta: unknown): boolean {
  if (!isObject(delta) || typeof delta["type"] !== "string") return false;
  const field = Object.hasOwn(texts, delta["type"]) ? texts[delta["type"]] : undefined;
  return field !== undefined && typeof delta[field] === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
