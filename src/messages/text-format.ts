import { isBlank } from "./conversation.ts";
import { toHeld } from "./held-schema.ts";
import { closeObjects, requireShallow } from "./json-schema.ts";
import type { MessagesRequest, TextBlock } from "./types.ts";

/** The format of an answer as both OpenAI APIs ask for it. */
export interface AskedFormat {
  type: "text" | "json_object" | "json_schema";
  /** Of `json_schema` alone; without one it asks for any object. */
  schema?: Record<string, unknown> | undefined;
  description?: string | undefined;
  strict?: boolean | undefined;
}

/** The Messages API has no format for a JSON object of any schema: the model is told instead. */
const anyObject =
  "Your answer must be a single JSON object and nothing else: no text before or after it, and no Markdown code fence.";

const ofSchema = (schema: object) =>
  "Your answer must be a single JSON value and nothing else: no text before or after it, and no Markdown code fence. " +
  `It must be valid against this JSON Schema:\n${JSON.stringify(schema)}`;

/**
 * The request with the format that is asked for. With `strict` the schema's objects are closed where they say nothing,
 * and the answer is checked against it; without, the schema is advice, and the answer must be JSON. The upstream is
 * given what it can hold the model to; of another schema the model is told, and a warning tells that. Throws
 * `invalid_request` for a schema that is nested too deeply, at `path`.
 */
export function withFormat(
  request: MessagesRequest,
  format: AskedFormat | undefined,
  path: string,
): { request: MessagesRequest; warnings: string[] } {
  if (format === undefined || format.type === "text") return { request, warnings: [] };
  if (format.type === "json_object" || format.schema === undefined) {
    return {
      request: { ...request, text_format: "json_object", system: behind(request.system, anyObject) },
      warnings: [],
    };
  }
  const { schema: asked, description, strict = false } = format;
  requireShallow(asked, path);
  const described = description === undefined ? asked : { description, ...asked };
  const closed = closeObjects(described, path, strict ? "all" : "named");
  const checked: MessagesRequest = { ...request, text_format: strict ? { schema: closed } : "json" };
  const schema = toHeld(closed);
  if (schema === undefined) {
    return {
      request: { ...checked, system: behind(request.system, ofSchema(described)) },
      warnings: [`${path}: the model is told of it, but not held to it by the upstream`],
    };
  }
  const output_config = { ...request.output_config, format: { type: "json_schema" as const, schema } };
  return { request: { ...checked, output_config }, warnings: [] };
}

/** Behind the last text of the system prompt: a block of its own would be one more for the cache. */
function behind(system: readonly TextBlock[], instruction: string): TextBlock[] {
  const last = system.at(-1);
  if (last === undefined || isBlank(last.text)) return [...system, { type: "text", text: instruction }];
  return [...system.slice(0, -1), { ...last, text: `${last.text}\n\n${instruction}` }];
}
