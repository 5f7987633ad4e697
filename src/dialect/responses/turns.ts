import { type DraftMessage, isBlank } from "../../messages/conversation.ts";
import { invalidRequest } from "../../messages/invalid.ts";
import { parseToolInput } from "../../messages/tool-input.ts";
import type { ContentBlock, TextBlock, ToolResultBlock } from "../../messages/types.ts";
import type { PlacedItem } from "./input.ts";
import type { CallItem, MessageItem, Part, ReasoningItem } from "./items.ts";
import type { Seal } from "./memory.ts";
import { blockOf } from "./parts.ts";
import { openReasoning } from "./reasoning.ts";

/** A conversation's items, sorted into what the canonical form keeps apart. */
export interface Turns {
  drafts: DraftMessage[];
  /** The texts of system and developer messages. */
  system: string[];
  /** The system messages after the first turn: their place is lost. */
  hoistedPaths: Set<string>;
  /** The reasoning that was not sealed here, and so can't be replayed. */
  foreignPaths: Set<string>;
}

/**
 * Items as canonical drafts (api-dialects 5.2): neighbours of one role become one message later. Throws
 * `invalid_request` for arguments that are not a JSON object.
 */
export function toTurns(items: readonly PlacedItem[], seal: Seal | undefined): Turns {
  const drafts: DraftMessage[] = [];
  const system: string[] = [];
  const hoistedPaths = new Set<string>();
  const foreignPaths = new Set<string>();
  // Thinking waits for what it led to: the API takes no answer that ends with it.
  let thinking: ContentBlock[] = [];
  const say = (path: string, blocks: ContentBlock[]) => {
    if (blocks.length === 0) return;
    drafts.push({ role: "assistant", path, content: [...thinking, ...blocks] });
    thinking = [];
  };
  const tell = (path: string, content: ContentBlock[]) => {
    drafts.push({ role: "user", path, resultPath: `${path}.output`, content });
    thinking = [];
  };

  for (const { item, path } of items) {
    switch (item.type) {
      case "message":
        if (item.role === "user")
          tell(
            path,
            item.content.map((part, index) => blockOf(part, `${path}.content.${index}`)),
          );
        else if (item.role === "assistant") say(path, spoken(item));
        else {
          if (drafts.length > 0) hoistedPaths.add(path);
          system.push(...spoken(item).map(({ text }) => text));
        }
        break;
      case "function_call":
        say(path, called(item, path));
        break;
      case "custom_tool_call":
        say(path, [{ type: "tool_use", id: item.call_id, name: item.name, input: { input: item.input } }]);
        break;
      case "function_call_output":
      case "custom_tool_call_output":
        tell(path, [result(item.call_id, item.output, path)]);
        break;
      case "reasoning": {
        const thought = thoughtOf(item, seal);
        if (thought === "foreign") foreignPaths.add(path);
        else if (thought !== undefined) thinking.push(thought);
        break;
      }
      case "compaction":
        // Those that can be opened are, before this.
        break;
    }
  }
  return { drafts, system, hoistedPaths, foreignPaths };
}

/** Clients replay the blank text that streams before a tool call; it says nothing. */
function spoken({ content }: MessageItem): TextBlock[] {
  return content.map(textOf).flatMap((text) => (isBlank(text) ? [] : { type: "text" as const, text }));
}

function textOf(part: Part): string {
  if (part.type === "refusal") return part.refusal;
  return part.type === "input_text" || part.type === "output_text" ? part.text : "";
}

function called({ call_id, name, arguments: json, status }: CallItem, path: string): ContentBlock[] {
  const input = parseToolInput(json);
  if (input !== undefined) return [{ type: "tool_use", id: call_id, name, input }];
  // The answer was cut in the middle of it: it was never called.
  if (status === "incomplete") return [];
  throw invalidRequest(`${path}.arguments`, "Input should be a JSON object", "invalid_value");
}

function result(tool_use_id: string, output: string | Part[], path: string): ToolResultBlock {
  const content =
    typeof output === "string"
      ? [{ type: "text" as const, text: output }]
      : output.map((part, index) => blockOf(part, `${path}.output.${index}`));
  return { type: "tool_result", tool_use_id, content };
}

function thoughtOf({ encrypted_content }: ReasoningItem, seal: Seal | undefined): ContentBlock | "foreign" | undefined {
  if (encrypted_content === undefined) return undefined;
  return (seal && openReasoning(seal, encrypted_content)) ?? "foreign";
}
