import { invalidRequest } from "./invalid.ts";
import { type MergedMessage, pairTools, type PlacedBlock } from "./tool-pairs.ts";
import type { ContentBlock, Message, ToolResultBlock } from "./types.ts";

/** A message as the client sent it, with its path in the request. */
export interface DraftMessage extends Message {
  path: string;
  /** Where the parts of its tool result are, in an API of which a message is one. */
  resultPath?: string;
}

/**
 * A client's messages in the canonical form: same-role neighbours merged, empty text dropped, tool results first in
 * their message and each paired with its call, the user first and last.
 *
 * Throws `invalid_request` where the Messages API would: a message without content, blank text, a block in the wrong
 * role, a call without its result (or the reverse), a conversation that begins or ends with the assistant.
 */
export function toConversation(drafts: readonly DraftMessage[]): Message[] {
  const merged: MergedMessage[] = [];
  for (const draft of drafts) {
    const blocks = usableBlocks(draft);
    const last = merged.at(-1);
    if (last?.role === draft.role) for (const block of blocks) last.blocks.push(block);
    else merged.push({ role: draft.role, blocks });
  }

  const [first] = drafts;
  if (first === undefined) throw invalidRequest("messages", "at least one user message is required");
  if (first.role !== "user") throw invalidRequest(first.path, 'the first message must use the "user" role');
  const messages = pairTools(merged);
  const last = drafts.at(-1);
  if (last?.role === "assistant") {
    throw invalidRequest(
      last.path,
      "assistant message prefill is not supported; the conversation must end with a user message",
    );
  }
  return messages;
}

/** A draft's blocks without empty text. */
function usableBlocks({ role, content, path }: DraftMessage): PlacedBlock[] {
  const blocks: PlacedBlock[] = [];
  for (const [index, block] of content.entries()) {
    if (isEmptyText(block)) continue;
    const fault = faultOf(block, role);
    if (fault !== undefined) throw invalidRequest(`${path}.content.${index}`, fault);
    blocks.push({ block: block.type === "tool_result" ? withoutEmptyText(block) : block, path });
  }
  if (blocks.length === 0) throw invalidRequest(path, "all messages must have non-empty content");
  return blocks;
}

function withoutEmptyText(result: ToolResultBlock): ToolResultBlock {
  return { ...result, content: result.content.filter((block) => !isEmptyText(block)) };
}

function isEmptyText(block: ContentBlock): boolean {
  return block.type === "text" && block.text === "";
}

function faultOf(block: ContentBlock, role: Message["role"]): string | undefined {
  switch (block.type) {
    case "text":
      return isBlank(block.text) ? "text content blocks must contain non-whitespace text" : undefined;
    case "tool_use":
    case "thinking":
    case "redacted_thinking":
      return role === "user" ? `\`${block.type}\` blocks can only be in \`assistant\` messages` : undefined;
    case "tool_result":
      return role === "assistant" ? "`tool_result` blocks can only be in `user` messages" : undefined;
    default:
      return undefined;
  }
}

/** Whether a text has nothing in it to read. */
export function isBlank(text: string): boolean {
  return !/\S/.test(text);
}
