/** A canonical request as the body of `POST /v1/messages` (api-dialects 1.1). */

import { effortFor, type NamedModel, thinkingFor } from "../../messages/model-limits.ts";
import { legalName } from "../../messages/tool-names.ts";
import type {
  CacheControl,
  ContentBlock,
  Message,
  MessagesRequest,
  OutputConfig,
  TextBlock,
  Tool,
} from "../../messages/types.ts";

export type Body = Record<string, unknown>;

/** Four of them are the most that the API takes. */
const ephemeral: CacheControl = { type: "ephemeral" };

/** `maxTokens` is for a request that names none: the API needs one. */
export function compose(request: MessagesRequest, model: NamedModel, maxTokens: number): Body {
  const { text_format: _format, betas: _betas, output_config, tool_choice, ...rest } = request;
  const max_tokens = Math.max(1, request.max_tokens ?? maxTokens);
  const thinking = thinkingFor({ thinking: request.thinking, max_tokens }, model);
  const body = {
    ...rest,
    model: model.resolved,
    max_tokens,
    system: request.system.length > 0 ? request.system : undefined,
    messages: request.messages.map(renameCalls),
    tools: request.tools?.map((tool) => ({ ...tool, name: legalName(tool.name) })),
    tool_choice: tool_choice?.type === "tool" ? { ...tool_choice, name: legalName(tool_choice.name) } : tool_choice,
    thinking,
    output_config: output_config && outputFor(output_config, model),
  };
  return withBreakpoints(body);
}

function outputFor(config: OutputConfig, model: NamedModel): OutputConfig | undefined {
  const output = { ...config, effort: config.effort && effortFor(config.effort, model) };
  return Object.values(output).some((value) => value !== undefined) ? output : undefined;
}

function renameCalls(message: Message): Message {
  const { role, content } = message;
  if (!content.some(({ type }) => type === "tool_use")) return message;
  const rename = (block: ContentBlock) =>
    block.type === "tool_use" ? { ...block, name: legalName(block.name) } : block;
  return { role, content: content.map(rename) };
}

interface Blocks {
  messages: Message[];
  system: TextBlock[] | undefined;
  tools: Tool[] | undefined;
}

/**
 * Marks what a growing conversation has in common with itself: the tools, the system prompt, and the ends of the last two
 * turns of the user, of which the earlier one was the end of the request before. A client's own marks stay, and are all.
 */
function withBreakpoints<B extends Blocks>(body: B): B {
  const { tools = [], system = [], messages } = body;
  if (isMarked(system) || messages.some(({ content }) => isMarked(content))) return body;
  const last = messages.findLastIndex(isAsked);
  const before = messages.findLastIndex((message, index) => index < last && isAsked(message));
  return {
    ...body,
    // One that is loaded when it is needed stands behind what is cached.
    ...(tools.length > 0 && {
      tools: mark(
        tools,
        tools.findLastIndex((tool) => tool.defer_loading !== true),
      ),
    }),
    ...(system.length > 0 && { system: mark(system, system.length - 1) }),
    messages: messages.map((message, index) => {
      const { role, content } = message;
      return index === last || index === before ? { role, content: mark(content, content.length - 1) } : message;
    }),
  };
}

function isMarked(blocks: readonly object[]): boolean {
  return blocks.some((block) => "cache_control" in block && block.cache_control !== undefined);
}

function isAsked({ role }: Message): boolean {
  return role === "user";
}

function mark<T extends object>(blocks: readonly T[], at: number): T[] {
  return blocks.map((block, index) => (index === at ? { ...block, cache_control: ephemeral } : block));
}
