import { toConversation } from "../../messages/conversation.ts";
import { invalidRequest, listSome } from "../../messages/invalid.ts";
import { checkMedia } from "../../messages/media.ts";
import { ignoredParameters, refuseParameters, unknownFields } from "../../messages/parameters.ts";
import { withReasoning } from "../../messages/reasoning.ts";
import { holdTools } from "../../messages/strict-tools.ts";
import { withFormat } from "../../messages/text-format.ts";
import type { MessagesRequest, TextBlock } from "../../messages/types.ts";
import { surroundWithUser } from "../../messages/user-turns.ts";
import { makeWellFormed } from "../../messages/well-formed.ts";
import type { DecodeContext, Exchange } from "../dialect.ts";
import { efforts } from "../openai-effort.ts";
import { validate } from "../validate.ts";
import { expandCompactions } from "./compact.ts";
import { createEncoder } from "./encode.ts";
import { readHistory, readInput } from "./input.ts";
import type { Memory } from "./memory.ts";
import { flatten, parameters } from "./parameters.ts";
import { openResponse } from "./response.ts";
import { requestSchema, type WireRequest } from "./schema.ts";
import { toTools } from "./tools.ts";
import { toTurns } from "./turns.ts";

/**
 * Decodes the body of `POST /v1/responses` (api-dialects 3.1, 5.2). A response that is continued stands for its items:
 * they take the same way as if the client had sent them all. Throws `invalid_request` that names the field at fault,
 * and `not_found` for a reference to an item that is not stored.
 */
export function decode(body: unknown, { defaultModel, memory }: DecodeContext): Exchange {
  const wire = makeWellFormed(validate(requestSchema, body));
  const fields = flatten(wire);
  refuseParameters(parameters, fields);
  if (wire.include?.includes("message.output_text.logprobs")) {
    throw invalidRequest("include", parameters.top_logprobs.note, "unsupported_parameter");
  }
  const model = wire.model ?? defaultModel;
  if (model === undefined) throw missing("model");
  if (wire.input === undefined && wire.previous_response_id === undefined) throw missing("input");

  const own = readInput(wire.input, memory);
  const history = readHistory(wire.previous_response_id, memory);
  const { items, foreignPaths } = expandCompactions([...history, ...own.items], memory?.seal);
  const turns = toTurns(items, memory?.seal);
  const mediaWarnings = checkMedia(turns.drafts);
  if (turns.drafts.length === 0) throw invalidRequest("input", "at least one user message is required");
  const asking = surroundWithUser(turns.drafts);
  const tools = toTools(wire);
  const strict = holdTools(tools.request);
  const reasoned = reason(wire, {
    model,
    max_tokens: wire.max_output_tokens,
    system: systemOf([wire.instructions ?? "", ...turns.system]),
    messages: toConversation(asking.drafts),
    ...strict.request,
    temperature: wire.temperature === undefined ? undefined : Math.min(wire.temperature, 1),
    top_p: wire.top_p,
  });
  const formatted = withFormat(reasoned.request, wire.text?.format, "text.format.schema");
  const request = makeWellFormed(formatted.request);

  const storage = whetherToStore(wire, memory);
  const warnings = [
    ...ignoredParameters(parameters, fields),
    ...unknownFields(requestSchema.shape, body as object),
    ...reasoned.warnings,
    ...formatted.warnings,
    ...mediaWarnings,
    ...(wire.temperature !== undefined && wire.temperature > 1 ? ["temperature lowered to 1"] : []),
    ...tools.warnings,
    ...strict.warnings,
    ...about(own.droppedPaths, "ignored, as it belongs to a hosted tool"),
    ...about([...foreignPaths, ...turns.foreignPaths], "ignored, as its encrypted_content was not sealed here"),
    ...about([...turns.hoistedPaths], "moved to the system prompt"),
    ...asking.warnings,
    ...storage.warnings,
  ];
  const encoder = createEncoder({
    response: openResponse(wire, model, storage.store),
    input: own.items.map(({ item }) => item),
    sealed: wire.include?.includes("reasoning.encrypted_content") ?? false,
    memory,
  });
  return { request, stream: wire.stream ?? false, warnings, encoder };
}

function systemOf(texts: readonly string[]): TextBlock[] {
  const text = texts.filter((one) => /\S/.test(one)).join("\n\n");
  return text === "" ? [] : [{ type: "text", text }];
}

/** A summary asks for thinking as an effort does, but leaves it to the model how much. */
function reason(wire: WireRequest, request: MessagesRequest) {
  const { effort, summary, generate_summary } = wire.reasoning ?? {};
  if (effort === undefined && (summary ?? generate_summary) !== undefined) {
    const reasoned = withReasoning(request, "medium");
    return { ...reasoned, request: { ...reasoned.request, output_config: request.output_config } };
  }
  return withReasoning(request, effort === undefined || effort === "none" ? effort : efforts[effort]);
}

/** To store is the default, which may fail in silence; who asks for it by name must get it. Throws where that can't be. */
function whetherToStore(wire: WireRequest, memory: Memory | undefined): { store: boolean; warnings: string[] } {
  if (wire.store === false || memory === undefined) return { store: false, warnings: [] };
  const fault = memory.responses.fault();
  if (fault === undefined) return { store: true, warnings: [] };
  if (wire.store === true) throw fault;
  return { store: false, warnings: [`not stored: ${fault.message}`] };
}

function about(paths: readonly string[], what: string): string[] {
  return paths.length === 0 ? [] : [`${listSome(paths)}: ${what}`];
}

function missing(param: string) {
  return invalidRequest(param, "Field required", "missing_required_parameter");
}
