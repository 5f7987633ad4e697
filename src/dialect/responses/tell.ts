import type { AnswerBlock, AnswerMessage, BlockDelta, MessageEvent } from "../../messages/types.ts";

/** The events that a whole answer would have been, each block in one piece. */
export function tell(message: AnswerMessage): MessageEvent[] {
  const { stop_reason, stop_sequence, stop_details, usage } = message;
  return [
    { type: "message_start", message: { ...message, content: [] } },
    ...message.content.flatMap((block, index) => [
      { type: "content_block_start" as const, index, content_block: block },
      ...deltas(block).map((delta) => ({ type: "content_block_delta" as const, index, delta })),
      { type: "content_block_stop" as const, index },
    ]),
    {
      type: "message_delta",
      delta: { stop_reason: stop_reason ?? "end_turn", stop_sequence, stop_details },
      usage,
    },
    { type: "message_stop" },
  ];
}

function deltas(block: AnswerBlock): BlockDelta[] {
  switch (block.type) {
    case "text":
      return [{ type: "text_delta", text: block.text }];
    case "thinking":
      return [
        { type: "thinking_delta", thinking: block.thinking },
        { type: "signature_delta", signature: block.signature },
      ];
    case "tool_use":
      return [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }];
    case "redacted_thinking":
      return [];
  }
}
