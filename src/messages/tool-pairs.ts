import { invalidRequest, listSome } from "./invalid.ts";
import { legalToolId } from "./tool-id.ts";
import type { ContentBlock, Message } from "./types.ts";

/** Same-role neighbours as one message, each block with the path of the message that brought it: what errors name. */
export interface MergedMessage {
  role: Message["role"];
  blocks: PlacedBlock[];
}

export interface PlacedBlock {
  block: ContentBlock;
  path: string;
}

/**
 * Checks that every tool call is answered, once, in the message right after it, and that every result answers such a
 * call. Returns the messages with results first in theirs and with legal ids. Roles must alternate already.
 *
 * Throws `invalid_request` in the words of the Messages API, naming the ids as the client spelled them.
 */
export function pairTools(merged: readonly MergedMessage[]): Message[] {
  let calls: Calls = new Map();
  const messages = merged.map(({ role, blocks }): Message => {
    const content = blocks.map(({ block }) => withLegalId(block));
    if (role === "assistant") {
      calls = callsIn(blocks);
      return { role, content };
    }
    const answered = answersIn(blocks, calls);
    requireAnswers(calls, answered);
    calls = new Map();
    return { role, content: answered.size > 0 ? resultsFirst(content) : content };
  });
  requireAnswers(calls, new Set());
  return messages;
}

/** The path of each call, by its id. */
type Calls = ReadonlyMap<string, string>;

function callsIn(blocks: readonly PlacedBlock[]): Calls {
  const calls = new Map<string, string>();
  for (const { block, path } of blocks) {
    if (block.type !== "tool_use") continue;
    if (calls.has(block.id)) throw invalidRequest(path, `\`tool_use\` ids must be unique: ${block.id}`);
    calls.set(block.id, path);
  }
  return calls;
}

function answersIn(blocks: readonly PlacedBlock[], calls: Calls): Set<string> {
  const ids = new Set<string>();
  for (const { block, path } of blocks) {
    if (block.type !== "tool_result") continue;
    const id = block.tool_use_id;
    if (!calls.has(id)) {
      throw invalidRequest(
        path,
        `unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
          "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
      );
    }
    if (ids.has(id)) {
      throw invalidRequest(
        path,
        `each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${id}`,
      );
    }
    ids.add(id);
  }
  return ids;
}

function requireAnswers(calls: Calls, answered: ReadonlySet<string>): void {
  const missing = [...calls].filter(([id]) => !answered.has(id));
  const [first] = missing;
  if (first === undefined) return;
  throw invalidRequest(
    first[1],
    `\`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${listSome(missing.map(([id]) => id))}. ` +
      "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
  );
}

function resultsFirst(content: readonly ContentBlock[]): ContentBlock[] {
  const isResult = (block: ContentBlock) => block.type === "tool_result";
  return [...content.filter(isResult), ...content.filter((block) => !isResult(block))];
}

function withLegalId(block: ContentBlock): ContentBlock {
  if (block.type === "tool_use") return { ...block, id: legalToolId(block.id) };
  if (block.type === "tool_result") return { ...block, tool_use_id: legalToolId(block.tool_use_id) };
  return block;
}
