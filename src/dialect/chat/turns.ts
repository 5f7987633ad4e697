import { type DraftMessage, isBlank } from "../../messages/conversation.ts";
import { invalidRequest } from "../../messages/invalid.ts";
import { parseToolInput } from "../../messages/tool-input.ts";
import type { ContentBlock, TextBlock, ToolUseBlock } from "../../messages/types.ts";
import { inputBlocks } from "./parts.ts";
import type { InputContent, WireMessage } from "./schema.ts";

/** A chat's messages, sorted into what the canonical form keeps apart. */
export interface Turns {
  drafts: DraftMessage[];
  system: TextBlock[];
  /** The system messages after the first turn: their place is lost. */
  hoistedPaths: string[];
  /** The messages that carry a `name`, which the Messages API has no field for. */
  namedPaths: string[];
}

/**
 * Chat messages as canonical drafts (api-dialects 5.1). Throws `invalid_request` for arguments that are not a JSON
 * object and for a `function` message that answers no call.
 */
export function toTurns(messages: readonly WireMessage[]): Turns {
  const drafts: DraftMessage[] = [];
  const system: string[] = [];
  const hoistedPaths: string[] = [];
  const namedPaths: string[] = [];
  // Legacy function calls have no id. One made of the place of the call is the same in every later request.
  let functionCallId: string | undefined;

  for (const [index, message] of messages.entries()) {
    const path = `messages.${index}`;
    if ("name" in message && message.name !== undefined && message.role !== "function") namedPaths.push(path);
    switch (message.role) {
      case "system":
      case "developer":
        if (drafts.length > 0) hoistedPaths.push(path);
        for (const { text } of textBlocks(message.content)) if (!isBlank(text)) system.push(text);
        break;
      case "user":
        drafts.push({ role: "user", path, content: inputBlocks(message.content, path) });
        break;
      case "assistant":
        functionCallId = message.function_call && `function_call_${index}`;
        drafts.push({ role: "assistant", path, content: assistantContent(message, path, functionCallId) });
        break;
      case "tool":
        drafts.push({
          role: "user",
          path,
          resultPath: `${path}.content`,
          content: [toolResult(message.tool_call_id, message.content, path)],
        });
        break;
      case "function":
        if (functionCallId === undefined) {
          throw invalidRequest(path, "a function message must follow an assistant message with `function_call`");
        }
        drafts.push({ role: "user", path, content: [toolResult(functionCallId, message.content, path)] });
        functionCallId = undefined;
        break;
    }
  }
  const text = system.join("\n\n");
  return { drafts, system: text === "" ? [] : [{ type: "text", text }], hoistedPaths, namedPaths };
}

type AssistantMessage = Extract<WireMessage, { role: "assistant" }>;

function assistantContent(message: AssistantMessage, path: string, functionCallId: string | undefined): ContentBlock[] {
  const { content = [], refusal = "", tool_calls = [], function_call, audio } = message;
  if (audio !== undefined) throw invalidRequest(`${path}.audio`, "audio is not supported", "unsupported_value");
  // Clients replay the blank text that streams before a tool call; it is legal in this API, and says nothing.
  const said = [...textBlocks(content), ...textBlocks(refusal)].filter(({ text }) => !isBlank(text));
  const calls = tool_calls.map((call, index) =>
    toolUse(call.id, call.function, `${path}.tool_calls.${index}.function`),
  );
  if (function_call !== undefined && functionCallId !== undefined) {
    calls.push(toolUse(functionCallId, function_call, `${path}.function_call`));
  }
  return [...said, ...calls];
}

function toolUse(id: string, called: { name: string; arguments: string }, path: string): ToolUseBlock {
  const input = parseToolInput(called.arguments);
  if (input === undefined) throw invalidRequest(`${path}.arguments`, "Input should be a JSON object", "invalid_value");
  return { type: "tool_use", id, name: called.name, input };
}

function toolResult(tool_use_id: string, content: InputContent | undefined, path: string): ContentBlock {
  return { type: "tool_result", tool_use_id, content: inputBlocks(content ?? [], path) };
}

type TextPart = { type: "text"; text: string };

function textBlocks(content: string | (TextPart | { type: "refusal"; refusal: string })[]): TextBlock[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part) => ({ type: "text", text: part.type === "text" ? part.text : part.refusal }));
}
