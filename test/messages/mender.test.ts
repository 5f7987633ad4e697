import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Mender } from "../../src/messages/mender.ts";
import { madeOf } from "../../src/messages/through.ts";
import type { BlockDelta, MessageEvent } from "../../src/messages/types.ts";

const kinds = {
  text: (text: string): BlockDelta => ({ type: "text_delta", text }),
  thinking: (thinking: string): BlockDelta => ({ type: "thinking_delta", thinking }),
  input: (partial_json: string): BlockDelta => ({ type: "input_json_delta", partial_json }),
};

const unit = fc.constantFrom("a", "\ud83d", "\ude00", "😀", "\u0301");

/** What becomes of these deltas of one block, which ends behind them. */
function mend(deltas: BlockDelta[], mender = new Mender()): BlockDelta[] {
  const stop: MessageEvent = { type: "content_block_stop", index: 3 };
  const events = deltas.map((delta): MessageEvent => ({ type: "content_block_delta", index: 3, delta }));
  const mended = [...events, stop].flatMap((event) => madeOf(mender, event));
  expect(mended.at(-1)).toEqual(stop);
  return mended.slice(0, -1).map((event) => {
    expect(event).toMatchObject({ type: "content_block_delta", index: 3 });
    return (event as { delta: BlockDelta }).delta;
  });
}

describe.each(Object.entries(kinds))("a delta of %s", (_, delta) => {
  test.each<[string, string[], string[]]>([
    ["whole characters stay as they are", ["a😀", "", "é"], ["a😀", "", "é"]],
    ["a cut character comes whole with its second half", ["a\ud83d", "\ude00b"], ["a", "😀b"]],
    ["a half that is all of its delta waits for the next", ["\ud83d", "\ude00"], ["😀"]],
    ["half a character is replaced", ["a\ude00", "\ud83db"], ["a\ufffd", "\ufffdb"]],
    ["first halves are replaced one by one", ["\ud83d", "\ud83d", "\ude00"], ["\ufffd", "😀"]],
    ["a half waits over an empty delta", ["\ud83d", "", "\ude00"], ["😀"]],
    ["the last half does not wait for ever", ["a\ud83d"], ["a", "\ufffd"]],
  ])("%s", (_, before, after) => {
    expect(mend(before.map(delta))).toEqual(after.map(delta));
  });

  test("says in the end what it would have said at once", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit, maxLength: 4 })), (pieces) => {
        const mended = mend(pieces.map(delta)).map((one) => Object.values(one)[1] as string);
        expect(mended.join("")).toBe(pieces.join("").toWellFormed());
        for (const text of mended) expect(text.isWellFormed()).toBe(true);
      }),
    );
  });
});

test("a half goes before a signature, and none into the next block", () => {
  const mender = new Mender();
  const signature: BlockDelta = { type: "signature_delta", signature: "s" };
  expect(mend([kinds.thinking("a\ud83d"), signature], mender)).toEqual([
    kinds.thinking("a"),
    kinds.thinking("\ufffd"),
    signature,
  ]);
  mend([kinds.text("\ud83d")], mender);
  expect(mend([kinds.text("\ude00")], mender)).toEqual([kinds.text("\ufffd")]);
});
