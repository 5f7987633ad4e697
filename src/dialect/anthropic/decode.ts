import { type DraftMessage, isBlank, toConversation } from "../../messages/conversation.ts";
import { dropForeignThinking } from "../../messages/foreign-thinking.ts";
import { invalidRequest, listSome } from "../../messages/invalid.ts";
import { checkMedia } from "../../messages/media.ts";
import { ignoredParameters, refuseParameters, unknownFields } from "../../messages/parameters.ts";
import type { MessagesRequest, OutputConfig, TextBlock } from "../../messages/types.ts";
import { endWithUser } from "../../messages/user-turns.ts";
import { makeWellFormed } from "../../messages/well-formed.ts";
import type { DecodeContext, Exchange } from "../dialect.ts";
import { validate } from "../validate.ts";
import { toBetas } from "./betas.ts";
import { createEncoder } from "./encode.ts";
import { parameters } from "./parameters.ts";
import { requestSchema, type WireMessage, type WireRequest } from "./schema.ts";
import { toTools } from "./tools.ts";
import { refuseRemoved } from "./version.ts";

/** Decodes the body of `POST /v1/messages` (api-dialects 1.1). Throws `invalid_request` that names the field at fault. */
export function decode(body: unknown, context: DecodeContext): Exchange {
  const wire = validate(requestSchema, body);
  const model = wire.model ?? context.defaultModel;
  if (model === undefined) throw invalidRequest("model", "Field required");
  refuseThread(wire);
  refuseParameters(parameters, wire);
  refuseRemoved(wire, context.headers.get("anthropic-version"));
  checkLimits(wire);

  const { drafts: turns, hoisted, hoistedPaths } = hoistSystem(wire.messages);
  const { drafts, paths: foreignPaths } = dropForeignThinking(turns);
  const mediaWarnings = checkMedia(drafts);
  const asking = endWithUser(drafts);
  const request: MessagesRequest = makeWellFormed({
    model,
    max_tokens: wire.max_tokens,
    system: [...usableSystem(wire.system), ...hoisted],
    messages: toConversation(asking.drafts),
    ...toTools(wire),
    thinking: wire.thinking,
    output_config: outputConfig(wire),
    temperature: wire.temperature,
    top_p: wire.top_p,
    top_k: wire.top_k,
    stop_sequences: wire.stop_sequences,
    service_tier: wire.service_tier,
    speed: wire.speed,
    inference_geo: wire.inference_geo,
    betas: toBetas(context.headers.get("anthropic-beta")),
  });

  const warnings = ignoredParameters(parameters, {
    ...wire,
    user_profile_id: context.headers.get("anthropic-user-profile-id"),
    workspace_id: context.headers.get("anthropic-workspace-id"),
  });
  warnings.push(...unknownFields(requestSchema.shape, body as object));
  if (hoistedPaths.length > 0) warnings.push(`${listSome(hoistedPaths)}: moved to the system prompt`);
  warnings.push(...mediaWarnings, ...asking.warnings);
  if (foreignPaths.length > 0) warnings.push(`${listSome(foreignPaths)}: thinking without a signature left out`);
  return { request, stream: wire.stream ?? false, warnings, encoder: createEncoder(request.model) };
}

function refuseThread({ thread }: WireRequest): void {
  if (thread === undefined || thread === null) return;
  // With this code the SDK's tool runner sends the conversation itself; any other it takes for a lost one.
  throw invalidRequest("thread", parameters.thread.note, "thread_unsupported_request");
}

function checkLimits({ max_tokens, thinking, stop_sequences = [] }: WireRequest): void {
  if (thinking?.type === "enabled" && thinking.budget_tokens >= max_tokens) {
    throw invalidRequest("max_tokens", "`max_tokens` must be greater than `thinking.budget_tokens`");
  }
  if (stop_sequences.some(isBlank)) {
    throw invalidRequest("stop_sequences", "each stop sequence must contain non-whitespace");
  }
}

function outputConfig({ output_config, output_format }: WireRequest): OutputConfig | undefined {
  return output_format === undefined
    ? output_config
    : { ...output_config, format: output_config?.format ?? output_format };
}

function usableSystem(system: readonly TextBlock[]): TextBlock[] {
  const blank = system.findIndex(({ text }) => text !== "" && isBlank(text));
  if (blank >= 0) throw invalidRequest(`system.${blank}`, "text content blocks must contain non-whitespace text");
  return system.filter(({ text }) => text !== "");
}

/** Takes the system turns out of the conversation: their place in it is lost, so each is named in a warning. */
function hoistSystem(messages: readonly WireMessage[]) {
  const drafts: DraftMessage[] = [];
  const hoisted: TextBlock[] = [];
  const hoistedPaths: string[] = [];
  for (const [index, { role, content }] of messages.entries()) {
    const path = `messages.${index}`;
    if (role !== "system") {
      drafts.push({ role, content, path });
      continue;
    }
    hoistedPaths.push(path);
    for (const block of content) {
      if (block.type !== "text") throw invalidRequest(path, "a system message takes only text blocks");
      if (!isBlank(block.text)) hoisted.push(block);
    }
  }
  return { drafts, hoisted, hoistedPaths };
}
