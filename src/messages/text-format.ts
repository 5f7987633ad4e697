import { isBlank } from "./conversation.ts";
import { closeObjects } from "./json-schema.ts";
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
const instruction =
  "Your answer must be a single JSON object and nothing else: no text before or after it, and no Markdown code fence.";

/**
 * The request with the format that is asked for. `strict` is what the Messages API does anyway: the schema's objects are
 * closed where they say nothing, and the answer is checked against it. Without it the schema is sent as it is, and the
 * answer must be JSON. Throws `invalid_request` for a schema that is nested too deeply, at `path`.
 */
export function withFormat(request: MessagesRequest, format: AskedFormat | undefined, path: string): MessagesRequest {
  if (format === undefined || format.type === "text") return request;
  if (format.type === "json_object" || format.schema === undefined) {
    return { ...request, text_format: "json_object", system: instructed(request.system) };
  }
  const { schema: asked, description, strict = false } = format;
  const described = description === undefined ? asked : { description, ...asked };
  const schema = strict ? closeObjects(described, path) : described;
  return {
    ...request,
    output_config: { ...request.output_config, format: { type: "json_schema", schema } },
    text_format: strict ? undefined : "json",
  };
}

/** Behind the last text of the system prompt: a block of its own would be one more for the cache. */
function instructed(system: readonly TextBlock[]): TextBlock[] {
  const last = system.at(-1);
  if (last === undefined || isBlank(last.text)) return [...system, { type: "text", text: instruction }];
  return [...system.slice(0, -1), { ...last, text: `${last.text}\n\n${instruction}` }];
}
