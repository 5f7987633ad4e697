import { deltasOf } from "../../messages/blocks.ts";
import type { AnswerMessage, MessageEvent } from "../../messages/types.ts";

/** The events that a whole answer would have been, each block in one piece. */
export function tell(message: AnswerMessage): MessageEvent[] {
  const { stop_reason, stop_sequence, stop_details, usage } = message;
  return [
    { type: "message_start", message: { ...message, content: [] } },
    ...message.content.flatMap((block, index) => [
      { type: "content_block_start" as const, index, content_block: block },
      ...deltasOf(block).map((delta) => ({ type: "content_block_delta" as const, index, delta })),
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
