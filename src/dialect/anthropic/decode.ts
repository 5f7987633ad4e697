import { type DraftMessage, isBlank, toConversation } from "../../messages/conversation.ts";
import { invalidRequest, listSome } from "../../messages/invalid.ts";
import type { MessagesRequest, OutputConfig, TextBlock } from "../../messages/types.ts";
import { makeWellFormed } from "../../messages/well-formed.ts";
import type { DecodeContext, Exchange } from "../dialect.ts";
import { validate } from "../validate.ts";
import { createEncoder } from "./encode.ts";
import { requestSchema, type WireMessage, type WireRequest } from "./schema.ts";
import { toTools } from "./tools.ts";

/** Decodes the body of `POST /v1/messages` (api-dialects 1.1). Throws `invalid_request` that names the field at fault. */
export function decode(body: unknown, context: DecodeContext): Exchange {
  const wire = validate(requestSchema, body);
  const model = wire.model ?? context.defaultModel;
  if (model === undefined) throw invalidRequest("model", "Field required");
  refuseUnsupported(wire);
  checkLimits(wire);

  const { drafts, hoisted, hoistedPaths } = hoistSystem(wire.messages);
  const request: MessagesRequest = makeWellFormed({
    model,
    max_tokens: wire.max_tokens,
    system: [...usableSystem(wire.system), ...hoisted],
    messages: toConversation(drafts),
    ...toTools(wire),
    thinking: wire.thinking,
    output_config: outputConfig(wire),
    temperature: wire.temperature,
    top_p: wire.top_p,
    top_k: wire.top_k,
    stop_sequences: wire.stop_sequences,
    service_tier: wire.service_tier,
  });
  const warnings = hoistedPaths.length === 0 ? [] : [`${listSome(hoistedPaths)}: moved to the system prompt`];
  return { request, stream: wire.stream ?? false, warnings, encoder: createEncoder(request.model) };
}

function refuseUnsupported(wire: WireRequest): void {
  const refuse = (param: string, reason: string) => invalidRequest(param, reason, "unsupported_parameter");
  if (wire.container !== undefined && wire.container !== null) {
    throw refuse("container", "containers are not supported");
  }
  if (typeof wire.thread === "object" && wire.thread !== null) {
    // With this code the SDK's tool runner sends the conversation itself; anything else it takes for a lost one.
    throw invalidRequest(
      "thread",
      "threads are not supported: send the whole conversation",
      "thread_unsupported_request",
    );
  }
  if (wire.mcp_servers !== undefined && wire.mcp_servers.length > 0) {
    throw refuse("mcp_servers", "MCP servers are not supported");
  }
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
