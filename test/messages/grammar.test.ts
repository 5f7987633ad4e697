import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/error.ts";
import { inGrammar } from "../../src/messages/grammar.ts";
import type { MessageEvent } from "../../src/messages/types.ts";
import { answer, streamOf, text, toolUse } from "../dialect/answers.ts";
import { singly } from "../../src/messages/through.ts";
import { flat } from "../support/flat.ts";

const read = (events: Iterable<MessageEvent>) => Array.fromAsync(flat(inGrammar(streamOf(events))));
/** An event that is none of ours. */
const unknown = (event: object) => event as MessageEvent;

describe("throws upstream on", () => {
  const whole = answer([text("a")], "end_turn");
  const [start, , blockStart, delta, blockStop, messageDelta, stop] = whole;

  test.each<[string, (MessageEvent | undefined)[], string]>([
    ["nothing", [], "it ended before message_stop"],
    ["an early end", [start, blockStart], "it ended before message_stop"],
    ["no start", [blockStart], "content_block_start before message_start"],
    ["two starts", [start, start], "a second message_start"],
    ["nested blocks", [start, blockStart, blockStart], "a content block inside another"],
    ["a delta outside", [start, delta], "no open content block 0"],
    ["a stop outside", [start, blockStart, blockStop, blockStop], "no open content block 0"],
    [
      "a block out of turn",
      [start, { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } }],
      "content block 1 after 0 blocks",
    ],
    [
      "a delta of another index",
      [start, blockStart, { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "" } }],
      "no open content block 1",
    ],
    [
      "a delta of another kind",
      [start, blockStart, { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "" } }],
      "thinking_delta in a text block",
    ],
    ["message_delta in a block", [start, blockStart, messageDelta], "message_delta inside a content block"],
    ["message_stop in a block", [start, blockStart, stop], "message_stop inside a content block"],
    [
      "message_delta without a reason",
      [start, unknown({ type: "message_delta", delta: { stop_reason: null }, usage: {} })],
      "message_delta without a stop_reason",
    ],
    ["message_stop without a reason", [start, stop], "message_stop without a stop_reason"],
    ["a block after the reason", [start, messageDelta, blockStart], "a content block after message_delta"],
    ["an unknown event", [start, unknown({ type: "vendor_event" })], "there is no event vendor_event"],
    [
      "an unknown block",
      [start, unknown({ type: "content_block_start", index: 0, content_block: { type: "server_tool_use" } })],
      "there is no server_tool_use block",
    ],
    [
      "a cut tool call where nothing cuts",
      answer([toolUse("x", "f", '{"a":')], "tool_use"),
      "the input of the tool call x is not a JSON object",
    ],
    [
      "a cut tool call that is not the last",
      answer([toolUse("x", "f", "["), text("a")], "max_tokens"),
      "the input of the tool call x is not a JSON object",
    ],
  ])("%s", async (_, events, what) => {
    const error = await read(events.flatMap((event) => event ?? [])).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ProxyError);
    expect(error).toMatchObject({ kind: "upstream", message: `The answer's event stream is broken: ${what}.` });
  });
});

test("passes what keeps to it as it is, and asks for nothing behind the stop", async () => {
  const whole = answer([text("a"), toolUse("x", "f", '{"a":1}')], "tool_use");
  async function* endless() {
    yield* whole;
    yield* whole;
    throw new Error("It was asked for more");
  }
  expect(await Array.fromAsync(flat(inGrammar(singly(endless()))))).toEqual(whole);
});

test("passes a call that was cut at the end of an answer that was", async () => {
  const cut = answer([text("a"), toolUse("x", "f", '{"a":')], "max_tokens");
  expect(await read(cut)).toEqual(cut);
});
