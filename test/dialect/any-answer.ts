/** Answers of any blocks and any end, as a model may give them. */

import fc from "fast-check";
import type { AnswerBlock, BlockDelta, MessageEvent, StopReason } from "../../src/messages/types.ts";
import { answer, text, thinking, toolUse } from "./answers.ts";

const piece = fc.string({ unit: "grapheme", maxLength: 5 });
const pieces = fc.array(piece, { maxLength: 4 });
const block = fc.oneof(
  pieces.map((said) => text(...said)),
  fc.tuple(piece, pieces).map(([signature, told]) => thinking(signature, ...told)),
  fc.string().map((data): [AnswerBlock] => [{ type: "redacted_thinking", data }]),
  fc.tuple(fc.uuid(), fc.dictionary(fc.string(), fc.jsonValue()), fc.nat()).map(([id, input, at]) => {
    const json = JSON.stringify(input);
    const cut = at % (json.length + 1);
    return toolUse(id, "f", json.slice(0, cut), json.slice(cut));
  }),
) as fc.Arbitrary<[AnswerBlock, ...BlockDelta[]]>;
const stop = fc.constantFrom<StopReason[]>(
  "end_turn",
  "tool_use",
  "max_tokens",
  "stop_sequence",
  "pause_turn",
  "refusal",
  "model_context_window_exceeded",
);

/** The events of a whole answer. */
export const anyAnswer: fc.Arbitrary<MessageEvent[]> = fc
  .tuple(fc.array(block, { maxLength: 5 }), stop)
  .map(([blocks, stop]) => answer(blocks, stop));
