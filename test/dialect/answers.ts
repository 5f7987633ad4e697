import type {
  AnswerBlock,
  BlockDelta,
  MessageEvent,
  StopDetails,
  StopReason,
  Usage,
} from "../../src/messages/types.ts";

/** The usage with which every answer here ends: each number is another, so that none can be taken for another. */
export const finalUsage: Usage = {
  input_tokens: 61,
  output_tokens: 42,
  cache_creation_input_tokens: 100,
  cache_read_input_tokens: 1000,
  output_tokens_details: { thinking_tokens: 7 },
};

interface Stop {
  stop_sequence?: string;
  stop_details?: StopDetails;
}

/** The events of a whole answer of which each block is its start and its deltas. */
export function answer(
  blocks: [AnswerBlock, ...BlockDelta[]][],
  stop_reason: StopReason,
  stop: Stop = {},
): MessageEvent[] {
  return [...opening(), ...blocks.flatMap(blockEvents), ...closing(stop_reason, stop)];
}

export const opening = (): MessageEvent[] => [
  {
    type: "message_start",
    message: {
      id: "msg_01up",
      type: "message",
      role: "assistant",
      model: "claude-upstream",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...finalUsage, input_tokens: 43, output_tokens: 1 },
    },
  },
  { type: "ping" },
];

const blockEvents = ([content_block, ...deltas]: [AnswerBlock, ...BlockDelta[]], index: number): MessageEvent[] => [
  { type: "content_block_start", index, content_block },
  ...deltas.map((delta): MessageEvent => ({ type: "content_block_delta", index, delta })),
  { type: "content_block_stop", index },
];

const closing = (stop_reason: StopReason, { stop_sequence, stop_details }: Stop): MessageEvent[] => [
  {
    type: "message_delta",
    delta: { stop_reason, stop_sequence: stop_sequence ?? null, ...(stop_details && { stop_details }) },
    usage: { input_tokens: 61, output_tokens: 42 },
  },
  { type: "message_stop" },
];

export const text = (...pieces: string[]): [AnswerBlock, ...BlockDelta[]] => [
  { type: "text", text: "" },
  ...pieces.map((text): BlockDelta => ({ type: "text_delta", text })),
];

export const thinking = (signature: string, ...pieces: string[]): [AnswerBlock, ...BlockDelta[]] => [
  { type: "thinking", thinking: "", signature: "" },
  ...pieces.map((thinking): BlockDelta => ({ type: "thinking_delta", thinking })),
  { type: "signature_delta", signature },
];

export const toolUse = (id: string, name: string, ...json: string[]): [AnswerBlock, ...BlockDelta[]] => [
  { type: "tool_use", id, name, input: {} },
  ...json.map((partial_json): BlockDelta => ({ type: "input_json_delta", partial_json })),
];

export const refused: StopDetails = { type: "refusal", category: "cyber", explanation: "Not this." };

/** Each event for itself. */
export async function* streamOf(events: Iterable<MessageEvent>): AsyncGenerator<readonly MessageEvent[]> {
  for (const event of events) yield [event];
}
