import { expect, test } from "bun:test";
import fc from "fast-check";
import { readEvents } from "../../../src/engine/anthropic/events.ts";
import { singly } from "../../../src/messages/through.ts";
import { ToolNames } from "../../../src/messages/tool-names.ts";
import { formatSse } from "../../../src/wire/sse.ts";
import { streamOf } from "../../support/bytes.ts";
import { flat } from "../../support/flat.ts";
import { eventsOf, messageOf, text } from "../../support/mock-replies.ts";

const names = () => new ToolNames([], (name) => name);
const [start, begin, , ...end] = eventsOf(messageOf(text("a"), "msg_1", "claude-sonnet-5-5"), 1);

/** What is made of an answer with this event in it, or why there is none. */
async function read(data: string): Promise<unknown> {
  const before = [start, begin].map((event) => JSON.stringify(event));
  const messages = [...before, data, ...end.map((event) => JSON.stringify(event))].map((data) => formatSse({ data }));
  try {
    return await Array.fromAsync(flat(readEvents(singly(streamOf(...messages)), names())));
  } catch (error) {
    return (error as Error).message;
  }
}

const piece = fc.oneof(fc.string({ unit: "binary", maxLength: 5 }), fc.constantFrom("\n", '"', "\\", "\t", "}}", " "));
/** As JSON spells it, or as none does. */
const spelled = fc
  .array(
    fc.oneof(
      piece.map((raw) => JSON.stringify(raw).slice(1, -1)),
      piece,
    ),
  )
  .map((all) => all.join(""));
const number = fc.oneof(fc.nat(3).map(String), fc.constantFrom("-1", "00", "1e0", "0.5", "12345678901", '"0"'));

test("a delta of text is what JSON says it is, however it is spelled", () =>
  fc.assert(
    fc.asyncProperty(spelled, number, fc.constantFrom("", " ", "   ", ","), async (text, index, space) => {
      const data = `{"type":"content_block_delta","index":${index},"delta":{"type":"text_delta","text":"${text}"}${space}}`;
      // In another order it is one that only JSON.parse can read.
      const other = `{"index":${index},"type":"content_block_delta","delta":{"type":"text_delta","text":"${text}"}${space}}`;
      expect(await read(data)).toEqual(await read(other));
    }),
    { numRuns: 1000 },
  ));

test("what an answer comes to is as its end tells it, and nothing where that tells nothing", async () => {
  const told = (usage: object | undefined) =>
    read(JSON.stringify({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage }));
  expect(await told({ output_tokens: 42 })).toContainEqual(
    expect.objectContaining({ type: "message_delta", usage: { output_tokens: 42 } }),
  );
  expect(await told(undefined)).toContainEqual(expect.objectContaining({ type: "message_delta", usage: {} }));
});

test("a ping passes, but not before the answer has begun", async () => {
  const ping = { type: "ping" };
  const frames = [ping, start, ping, ...end].map((event) => formatSse({ data: JSON.stringify(event) }));
  const events = await Array.fromAsync(flat(readEvents(singly(streamOf(...frames)), names())));
  expect(events.filter(({ type }) => type === "ping" || type === "message_start")).toMatchObject([
    { type: "message_start" },
    ping,
  ]);
});
