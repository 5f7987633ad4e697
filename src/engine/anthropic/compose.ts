/** A canonical request as the body of `POST /v1/messages` (api-dialects 1.1). */

import { effortFor, type NamedModel, thinkingFor } from "../../messages/model-limits.ts";
import { legalName } from "../../messages/tool-names.ts";
import type { CacheControl, ContentBlock, Message, MessagesRequest } from "../../messages/types.ts";

export type Body = Record<string, unknown>;

/** The most breakpoints that the API takes. */
const mostBreakpoints = 4;

const ephemeral: CacheControl = { type: "ephemeral" };

/** `maxTokens` is for a request that names none: the API needs one. */
export function compose(request: MessagesRequest, model: NamedModel, maxTokens: number): Body {
  const { text_format: _format, betas: _betas, output_config, tool_choice, ...rest } = request;
  const effort = output_config?.effort && effortFor(output_config.effort, model);
  const output = { ...output_config, effort };
  const max_tokens = Math.max(1, request.max_tokens ?? maxTokens);
  const thinking = thinkingFor({ ...request, max_tokens }, model);
  const body = {
    ...rest,
    model: model.resolved,
    max_tokens,
    system: request.system.length > 0 ? request.system : undefined,
    messages: request.messages.map(renameCalls),
    tools: request.tools?.map((tool) => ({ ...tool, name: legalName(tool.name) })),
    tool_choice: tool_choice?.type === "tool" ? { ...tool_choice, name: legalName(tool_choice.name) } : tool_choice,
    thinking,
    output_config: Object.values(output).some((value) => value !== undefined) ? output : undefined,
  };
  return withBreakpoints(body);
}

function renameCalls({ role, content }: Message): Message {
  const rename = (block: ContentBlock) =>
    block.type === "tool_use" ? { ...block, name: legalName(block.name) } : block;
  return { role, content: content.map(rename) };
}

type Cacheable = { cache_control?: CacheControl | undefined };

/**
 * Marks what a growing conversation has in common with itself: the tools, the system prompt, and the ends of the last two
 * turns of the user, of which the earlier one was the end of the request before. A client's own marks stay, and are all.
 */
function withBreakpoints<B extends Pick<MessagesRequest, "system" | "messages" | "tools"> | Body>(body: B): Body {
  const { tools, system, messages } = body as Partial<Pick<MessagesRequest, "system" | "messages" | "tools">>;
  const marked = [...(tools ?? []), ...(system ?? []), ...(messages ?? []).flatMap(({ content }) => content)];
  if (marked.some((block) => (block as Cacheable).cache_control !== undefined)) return body;

  let left = mostBreakpoints - (tools?.length ? 1 : 0) - (system?.length ? 1 : 0);
  const marks = new Set<number>();
  for (let index = (messages?.length ?? 0) - 1; index >= 0 && left > 0 && marks.size < 2; index--) {
    if (messages?.[index]?.role !== "user") continue;
    marks.add(index);
    left--;
  }
  return {
    ...body,
    ...(tools && { tools: markLast(tools) }),
    ...(system && { system: markLast(system) }),
    messages: messages?.map((message, index) =>
      marks.has(index) ? { ...message, content: markLast(message.content) } : message,
    ),
  };
}

function markLast<T extends object>(blocks: readonly T[]): T[] {
  return blocks.map((block, index) => (index === blocks.length - 1 ? { ...block, cache_control: ephemeral } : block));
}
