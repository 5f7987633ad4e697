import { inGrammar } from "./grammar.ts";
import { parseToolInput } from "./tool-input.ts";
import type { AnswerBlock, AnswerMessage, BlockDelta, Events } from "./types.ts";
import { updateUsage } from "./usage.ts";

/**
 * The whole answer that a stream of events tells. Throws a ProxyError of kind `upstream` where the stream breaks the
 * grammar of the Messages API, and whatever the stream itself throws.
 */
export async function collect(events: Events): Promise<AnswerMessage> {
  let message: AnswerMessage | undefined;
  let json = "";
  for await (const together of inGrammar(events)) {
    for (const event of together) {
      if (event.type === "message_start") message = { ...event.message, content: [] };
      // Nothing comes before it but pings.
      if (message === undefined) continue;
      switch (event.type) {
        case "content_block_start":
          message.content.push({ ...event.content_block });
          json = "";
          break;
        case "content_block_delta":
          if (event.delta.type === "input_json_delta") json += event.delta.partial_json;
          else apply(message.content.at(-1), event.delta);
          break;
        case "content_block_stop":
          finish(message, json);
          break;
        case "message_delta":
          message.stop_reason = event.delta.stop_reason;
          message.stop_sequence = event.delta.stop_sequence;
          message.stop_details = event.delta.stop_details;
          message.usage = updateUsage(message.usage, event.usage);
          break;
      }
    }
  }
  return message as AnswerMessage;
}

function apply(block: AnswerBlock | undefined, delta: BlockDelta): void {
  if (block?.type === "text") {
    if (delta.type === "text_delta") block.text += delta.text;
    if (delta.type === "citations_delta") block.citations = [...(block.citations ?? []), delta.citation];
  }
  if (block?.type === "thinking") {
    if (delta.type === "thinking_delta") block.thinking += delta.thinking;
    if (delta.type === "signature_delta") block.signature = delta.signature;
  }
}

/** A call gets its input. Half a call helps nobody, and its JSON would be broken in every dialect: it is left out. */
function finish(message: AnswerMessage, json: string): void {
  const block = message.content.at(-1);
  if (block?.type !== "tool_use") return;
  const input = parseToolInput(json, "spelled");
  if (input !== undefined) block.input = input;
  else {
    message.content.pop();
    message.cut_call = true;
  }
}
