import { ProxyError } from "../../error.ts";
import { toConversation } from "../../messages/conversation.ts";
import { invalidRequest, listSome } from "../../messages/invalid.ts";
import { checkMedia } from "../../messages/media.ts";
import { ignoredParameters, refuseParameters, unknownFields } from "../../messages/parameters.ts";
import { withReasoning } from "../../messages/reasoning.ts";
import { holdTools } from "../../messages/strict-tools.ts";
import { type AskedFormat, withFormat } from "../../messages/text-format.ts";
import type { MessagesRequest } from "../../messages/types.ts";
import { surroundWithUser } from "../../messages/user-turns.ts";
import { makeWellFormed } from "../../messages/well-formed.ts";
import type { DecodeContext, Exchange } from "../dialect.ts";
import { efforts } from "../openai-effort.ts";
import { validate } from "../validate.ts";
import { functionCall, toolCalls } from "./calls.ts";
import { createEncoder } from "./encode.ts";
import { parameters } from "./parameters.ts";
import { requestSchema, type WireRequest } from "./schema.ts";
import { speaksOfFunctions, toTools } from "./tools.ts";
import { toTurns } from "./turns.ts";

/**
 * Decodes the body of `POST /v1/chat/completions` (api-dialects 2.1, 5.1). Throws `invalid_request` that names the
 * field at fault.
 */
export function decode(body: unknown, context: DecodeContext): Exchange {
  const wire = validate(requestSchema, body);
  refuseParameters(parameters, wire);
  if (wire.stream_options !== undefined && wire.stream !== true) {
    throw invalidRequest("stream_options", "it is only allowed when `stream` is true", "invalid_value");
  }
  const { drafts, system, hoistedPaths, namedPaths } = toTurns(wire.messages);
  const mediaWarnings = checkMedia(drafts);
  const turns = surroundWithUser(drafts);
  const tools = holdTools(toTools(wire));
  const asked: MessagesRequest = {
    model: wire.model ?? context.defaultModel ?? missingModel(),
    max_tokens: wire.max_completion_tokens ?? wire.max_tokens,
    system,
    messages: toConversation(turns.drafts),
    ...tools.request,
    temperature: wire.temperature === undefined ? undefined : Math.min(wire.temperature, 1),
    top_p: wire.top_p,
    stop_sequences: stopSequences(wire.stop),
  };
  const effort = wire.reasoning_effort;
  const reasoned = withReasoning(asked, effort === undefined || effort === "none" ? effort : efforts[effort]);
  const formatted = withFormat(reasoned.request, toFormat(wire.response_format), schemaPath);
  const request = makeWellFormed(formatted.request);

  const warnings = [
    ...ignoredParameters(parameters, wire),
    ...unknownFields(requestSchema.shape, body as object),
    ...tools.warnings,
    ...reasoned.warnings,
    ...formatted.warnings,
    ...mediaWarnings,
  ];
  if (wire.temperature !== undefined && wire.temperature > 1) warnings.push("temperature lowered to 1");
  if (hoistedPaths.length > 0) warnings.push(`${listSome(hoistedPaths)}: moved to the system prompt`);
  if (namedPaths.length > 0) warnings.push(`name ignored in ${listSome(namedPaths)}`);
  warnings.push(...turns.warnings);

  const stream = wire.stream ?? false;
  const includeUsage = wire.stream_options?.include_usage ?? false;
  const calls = speaksOfFunctions(wire) ? functionCall : toolCalls;
  return { request, stream, warnings, encoder: createEncoder(request.model, { includeUsage, calls }) };
}

function missingModel(): never {
  throw new ProxyError("invalid_request", "Missing required parameter: 'model'.", {
    param: "model",
    code: "missing_required_parameter",
  });
}

const schemaPath = "response_format.json_schema.schema";

/** This API nests what the other has flat. */
function toFormat(format: WireRequest["response_format"]): AskedFormat | undefined {
  return format?.type === "json_schema" ? { type: format.type, ...format.json_schema } : format;
}

/** An empty one asks for nothing. */
function stopSequences(stop: WireRequest["stop"] = []): string[] | undefined {
  const sequences = (typeof stop === "string" ? [stop] : stop).filter((sequence) => sequence !== "");
  return sequences.length > 0 ? sequences : undefined;
}
