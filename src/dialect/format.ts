import { z } from "zod";
import { ProxyError } from "../error.ts";
import { FenceStripper } from "../messages/fences.ts";
import { mapSchema } from "../messages/json-schema.ts";
import type { MessageEvent, MessagesRequest } from "../messages/types.ts";

/**
 * The events of an answer whose text is what the request's format asks for: fences around it are taken away, and before
 * the answer ends as a complete one its whole text is checked. Throws `upstream` where it does not fit, so that a client
 * that was promised JSON never takes prose for it. An answer that ends otherwise (`max_tokens`, `stop_sequence`,
 * `refusal`, `tool_use`) says so itself, and passes.
 *
 * Where no format was asked for, the events themselves are returned: no step is added.
 */
export function ensureFormat(
  events: AsyncIterable<MessageEvent>,
  request: MessagesRequest,
): AsyncIterable<MessageEvent> {
  const { format } = request.output_config ?? {};
  const asked = request.text_format ?? format;
  return asked === undefined ? events : checked(events, (text) => faultOf(text, asked));
}

async function* checked(
  events: AsyncIterable<MessageEvent>,
  fault: (text: string) => string | undefined,
): AsyncGenerator<MessageEvent> {
  const stripper = new FenceStripper();
  let text = "";
  for await (const event of events) {
    for (const passed of stripper.take(event)) {
      if (passed.type === "content_block_delta" && passed.delta.type === "text_delta") text += passed.delta.text;
      if (passed.type === "message_delta" && passed.delta.stop_reason === "end_turn") refuse(fault(text));
      yield passed;
    }
  }
}

function refuse(fault: string | undefined): void {
  if (fault === undefined) return;
  // Another try may go well, but costs as much again, and an agent has already acted: that is for the client to decide.
  throw new ProxyError("upstream", `The model's answer is not what the requested format asks for: ${fault}.`, {
    code: "invalid_format",
    retryable: false,
  });
}

/** What is wrong with a text; undefined where it fits. */
function faultOf(text: string, format: NonNullable<MessagesRequest["text_format"]>): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return text.trim() === "" ? "it has no text" : "it is not JSON";
  }
  if (format === "json") return undefined;
  if (format !== "json_object") return misfit(value, format.schema);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? undefined : "it is not a JSON object";
}

/** Where a value does not fit a JSON Schema. One that zod can't read is the upstream's to keep: its answer is believed. */
function misfit(value: unknown, schema: Record<string, unknown>): string | undefined {
  let type: z.ZodType;
  try {
    type = z.fromJSONSchema(mapSchema(schema, readable), "definitions" in schema ? { defaultTarget: "draft-7" } : {});
  } catch {
    return undefined;
  }
  const result = type.safeParse(value);
  const [issue] = result.error?.issues ?? [];
  if (issue === undefined) return undefined;
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}

/**
 * A schema as zod reads it rightly. `format` and `default` only annotate in JSON Schema, where zod enforces the one in its
 * own way and fills in the other; and it never finds an object or a list equal to another.
 */
function readable({ format: _format, default: _default, ...schema }: Record<string, unknown>): Record<string, unknown> {
  const values = [schema["const"], ...(Array.isArray(schema["enum"]) ? schema["enum"] : [])];
  if (values.some((value) => typeof value === "object" && value !== null)) throw new TypeError("not comparable");
  return schema;
}
