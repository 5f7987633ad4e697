import type { Usage } from "../../messages/types.ts";
import { inputTokens } from "../../messages/usage.ts";
import { mintResponseId, type OutputItem, withoutSeal } from "./items.ts";
import type { WireRequest } from "./schema.ts";

/** The response object with every key that one reader or another insists on (api-dialects 3.2). */
export interface ResponseObject extends Echo {
  id: string;
  object: "response";
  created_at: number;
  completed_at: number | null;
  status: "in_progress" | "completed" | "incomplete" | "failed";
  background: false;
  error: { code: string; message: string } | null;
  incomplete_details: { reason: "max_output_tokens" | "content_filter" } | null;
  output: OutputItem[];
  usage: ReturnType<typeof encodeUsage> | null;
  store: boolean;
  service_tier: "default";
  top_logprobs: 0;
  access_programs: null;
}

/** What a response repeats of its request. */
type Echo = ReturnType<typeof echo>;

/** A response before its first event. */
export function openResponse(wire: WireRequest, model: string, store: boolean): ResponseObject {
  return {
    id: mintResponseId(),
    object: "response",
    created_at: seconds(),
    completed_at: null,
    status: "in_progress",
    background: false,
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
    store,
    service_tier: "default",
    top_logprobs: 0,
    access_programs: null,
    ...echo(wire, model),
  };
}

/** A response as a client sees it, which gets sealed reasoning only where it asked for that. */
export function showResponse(response: ResponseObject, sealed: boolean): ResponseObject {
  return sealed ? response : { ...response, output: response.output.map(withoutSeal) };
}

/** Usage as this API counts it: cached tokens are part of the input, thinking is part of the output (5.5). */
export function encodeUsage(usage: Usage) {
  const { cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = usage;
  const input_tokens = inputTokens(usage);
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: cache_read_input_tokens, cache_write_tokens: cache_creation_input_tokens },
    output_tokens,
    output_tokens_details: { reasoning_tokens: usage.output_tokens_details?.thinking_tokens ?? 0 },
    total_tokens: input_tokens + output_tokens,
  };
}

/** Now, as the OpenAI APIs tell times. */
export const seconds = (): number => Math.floor(Date.now() / 1000);

function echo(wire: WireRequest, model: string) {
  const format = wire.text?.format ?? { type: "text" as const };
  const tools = (wire.tools ?? []).flatMap((tool) => {
    if (tool.type !== "function") return [];
    const { type, name, description = null, parameters = null, strict = null } = tool;
    return [{ type, name, description, parameters, strict }];
  });
  return {
    model,
    instructions: wire.instructions ?? null,
    max_output_tokens: wire.max_output_tokens ?? null,
    max_tool_calls: wire.max_tool_calls ?? null,
    metadata: wire.metadata ?? {},
    parallel_tool_calls: wire.parallel_tool_calls ?? true,
    previous_response_id: wire.previous_response_id ?? null,
    prompt_cache_key: wire.prompt_cache_key ?? null,
    safety_identifier: wire.safety_identifier ?? null,
    reasoning: {
      effort: wire.reasoning?.effort ?? null,
      summary: wire.reasoning?.summary ?? wire.reasoning?.generate_summary ?? null,
    },
    temperature: wire.temperature ?? 1,
    top_p: wire.top_p ?? 1,
    presence_penalty: wire.presence_penalty ?? 0,
    frequency_penalty: wire.frequency_penalty ?? 0,
    text: {
      // The name is required of a response, and forgiven a request.
      format: format.type === "json_schema" ? { ...format, name: format.name ?? "response" } : format,
      verbosity: wire.text?.verbosity ?? ("medium" as const),
    },
    tool_choice: wire.tool_choice ?? "auto",
    tools,
    truncation: wire.truncation ?? "disabled",
    // Null would be one value too many for some readers.
    ...(wire.user !== undefined && { user: wire.user }),
  };
}
