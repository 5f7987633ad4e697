import type { ContentBlock, Message, TextBlock } from "../../messages/types.ts";
import { cliName } from "./names.ts";

/**
 * Messages as the CLI takes them. A client's `cache_control` marks go: the CLI sets three of the four that the API allows,
 * and the fourth belongs on the last user block, where the next turn of the same conversation finds the prefix.
 */
export function composeHistory(messages: readonly Message[]): Message[] {
  const last = messages.length - 1;
  return messages.map(({ role, content }, position) => {
    // Thinking without a signature is ours, or lost its own: the API takes only what it has signed.
    const blocks = content.filter((block) => block.type !== "thinking" || block.signature !== "").map(forCli);
    const final = blocks.at(-1);
    if (position === last && final && final.type !== "thinking" && final.type !== "redacted_thinking") {
      blocks[blocks.length - 1] = { ...final, cache_control: { type: "ephemeral" } };
    }
    return { role, content: blocks };
  });
}

/** The system prompt as one text; the CLI joins several with blank lines too. */
export function systemText(system: readonly TextBlock[]): string {
  return system.map((block) => block.text).join("\n\n");
}

/** The conversation with its system prompt in front of the first user text, for prompts that must stay out of `system`. */
export function embedSystem(system: string, messages: readonly Message[]): Message[] {
  const [first, ...others] = messages;
  if (!first || system === "") return [...messages];
  const block: TextBlock = { type: "text", text: `<system>\n${system}\n</system>` };
  return [{ role: first.role, content: [block, ...first.content] }, ...others];
}

/** A block without the client's mark, and with the name that the CLI knows a tool by. */
function forCli(block: ContentBlock): ContentBlock {
  if (block.type === "tool_result") {
    const { cache_control: _, ...rest } = block;
    return { ...rest, content: block.content.map((part) => forCli(part) as typeof part) };
  }
  if (block.type === "tool_use") {
    const { cache_control: _, ...rest } = block;
    return { ...rest, name: cliName(rest.name) };
  }
  if (!("cache_control" in block)) return block;
  const { cache_control: _, ...rest } = block;
  return rest as ContentBlock;
}
