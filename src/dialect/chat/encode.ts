import { mintChatCompletionId } from "../../messages/ids.ts";
import type { AnswerMessage, ToolUseBlock } from "../../messages/types.ts";
import type { Encoder } from "../dialect.ts";
import type { CallSpelling } from "./calls.ts";
import { type AnswerHead, ChunkWriter, type EncoderOptions } from "./chunks.ts";
import { finishReason, refusalText } from "./stop.ts";
import { encodeUsage } from "./usage.ts";

/**
 * Canonical events as chat completions. Id, time and model are fixed here, once, because every chunk of an answer must
 * repeat them.
 */
export function createEncoder(model: string, options: EncoderOptions): Encoder {
  const head: AnswerHead = { id: mintChatCompletionId(), created: Math.floor(Date.now() / 1000), model };
  return {
    stream: (say) => new ChunkWriter(head, options, say),
    whole: (message) => toCompletion(message, head, options.calls),
  };
}

export type Completion = ReturnType<typeof toCompletion>;

/** A whole answer (api-dialects 2.2). Keys that say nothing are left out where clients take their presence for a yes. */
function toCompletion(answer: AnswerMessage, { id, created, model }: AnswerHead, spelling: CallSpelling) {
  const text: string[] = [];
  const thinking: string[] = [];
  const calls: ToolUseBlock[] = [];
  for (const block of answer.content) {
    if (block.type === "text") text.push(block.text);
    else if (block.type === "thinking") thinking.push(block.thinking);
    else if (block.type === "tool_use") calls.push(block);
  }
  const reasoning_content = thinking.join("");
  const message = {
    role: "assistant" as const,
    content: text.length > 0 ? text.join("") : null,
    refusal: refusalText(answer.stop_reason, answer.stop_details),
    annotations: [],
    ...(reasoning_content !== "" && { reasoning_content }),
    ...spelling.whole(calls),
  };
  const finish_reason = finishReason(answer.stop_reason ?? "end_turn", spelling);
  return {
    id,
    object: "chat.completion" as const,
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage: encodeUsage(answer.usage),
    service_tier: "default" as const,
  };
}
