import { expect, test } from "bun:test";
import fc from "fast-check";
import { UsageObserver } from "../../../src/engine/anthropic/usage-observer.ts";
import type { Usage } from "../../../src/messages/types.ts";
import { formatSse } from "../../../src/wire/sse.ts";
import { cutBytes, cuts } from "../../support/bytes.ts";

const event = (value: { type: string }) => formatSse({ event: value.type, data: JSON.stringify(value) });

const stream = [
  {
    type: "message_start",
    message: { model: "claude-sonnet-5", usage: { input_tokens: 9, cache_read_input_tokens: 5, output_tokens: 1 } },
  },
  // Whatever the model says is no usage.
  {
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: '{"usage":{"output_tokens":99}} äöü 🎉' },
  },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 42 } },
  { type: "message_stop" },
]
  .map(event)
  .join("");

const expected: Usage = {
  input_tokens: 9,
  output_tokens: 42,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 5,
};

test("the usage of a stream is read whatever the cuts", () => {
  const bytes = Buffer.from(stream);
  fc.assert(
    fc.property(cuts, (places) => {
      const observer = new UsageObserver(true);
      for (const piece of cutBytes(bytes, places)) observer.take(piece);
      expect(observer.told).toEqual({ model: "claude-sonnet-5", usage: expected });
      expect(observer.between).toBe(true);
    }),
  );
});

test("an answer speaks with its first content", () => {
  const observer = new UsageObserver(true);
  const [start = "", content = ""] = stream.split(/(?<=\n\n)/);
  observer.take(Buffer.from(start));
  expect(observer.spoke).toBe(false);
  observer.take(Buffer.from(content));
  expect(observer.spoke).toBe(true);
});

test("whether the stream stands between two events", () => {
  const bytes = Buffer.from(stream);
  const ends = new Set([...stream.matchAll(/\n\n/g)].map(({ index }) => Buffer.byteLength(stream.slice(0, index)) + 2));
  const observer = new UsageObserver(true);
  expect(observer.between).toBe(true);
  for (const [index, byte] of bytes.entries()) {
    observer.take(Uint8Array.of(byte));
    expect(observer.between).toBe(ends.has(index + 1));
  }
});

test("the usage of a whole answer", () => {
  const bytes = Buffer.from(
    JSON.stringify({ type: "message", content: [{ type: "text", text: "hi" }], usage: expected }, null, 2),
  );
  const observer = new UsageObserver(false);
  for (const piece of cutBytes(bytes, [0.1, 0.5, 0.9])) observer.take(piece);
  expect(observer.told.usage).toEqual(expected);
  expect(observer.between).toBe(false);
});

test("an answer without usage has none, and one without an end is not kept", () => {
  const observer = new UsageObserver(true);
  observer.take(Buffer.from(event({ type: "ping" })));
  expect(observer.told.usage).toBeUndefined();
  const before = process.memoryUsage.rss();
  const chunk = Buffer.alloc(1024 ** 2, "x");
  for (let index = 0; index < 600; index++) observer.take(chunk);
  expect(process.memoryUsage.rss() - before).toBeLessThan(300 * 1024 ** 2);
  for (const piece of cutBytes(Buffer.from(`\n\n${stream}`), [0.1, 0.5, 0.9])) observer.take(piece);
  expect(observer.told.usage).toEqual(expected);
});

test("an error ends a stream wherever it stands, and a text that speaks of one does not", () => {
  const error = { type: "error", error: { type: "overloaded_error", message: "Busy" } };
  const told = (...chunks: string[]) => {
    const observer = new UsageObserver(true);
    for (const chunk of chunks) observer.take(Buffer.from(chunk));
    return observer.failure;
  };
  expect(told(stream, event(error))).toEqual(error);
  expect(told(stream + event(error))).toEqual(error);
  expect(told(stream)).toBeUndefined();
  const delta = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "event: error\n" } };
  expect(told(event(delta))).toBeUndefined();
  expect(told("data: an event: error\n\n")).toBeUndefined();
  expect(told("event: error\ndata: nonsense\n\n")).toEqual({});
});
