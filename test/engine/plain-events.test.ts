/** To read an event without its schema gives what the schema gives. */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { schemas } from "../../src/engine/event-schema.ts";
import { readPlain } from "../../src/engine/plain-events.ts";

const usage = {
  input_tokens: 25,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 1,
  cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 2 },
  output_tokens: 3,
  output_tokens_details: { thinking_tokens: 4 },
  server_tool_use: null,
  service_tier: "standard",
  inference_geo: null,
  speed: "fast",
};
const message = {
  model: "claude-sonnet-5-5",
  id: "msg_1",
  type: "message",
  role: "assistant",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
};
const events: Record<string, unknown>[] = [
  { type: "message_start", message },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage },
];

test.each(events)("$type is read as the upstream sends it", (event) => {
  expect(readPlain(event["type"] as string, event)).toBeDefined();
});

const value = fc.oneof(
  fc.constantFrom(null, undefined, true, "", "text", "message", [], [1], {}, -1, 0, 0.5, 7, Infinity),
  fc.dictionary(fc.constantFrom("type", "text", "thinking_tokens"), fc.constantFrom(1, -1, "text", null)),
);

/** The event with one of its fields, however deep, as another value, another one added, or its fields in another order. */
function changed(event: unknown, path: readonly number[], given: unknown, name: string): unknown {
  const [at, ...rest] = path;
  if (at === undefined || typeof event !== "object" || event === null || Array.isArray(event)) return given;
  const entries = Object.entries(event);
  const place = at % (entries.length + 1);
  const entry = entries[place];
  if (entry === undefined) return { ...event, [name]: given };
  entry[1] = changed(entry[1], rest, given, name);
  return Object.fromEntries([...entries.slice(place), ...entries.slice(0, place)]);
}

test("whatever is sent, it is read as its schema has it, or left to that", () => {
  let read = 0;
  const name = fc.constantFrom("vendor", "citations", "stop_details", "toString", "__proto__");
  fc.assert(
    fc.property(
      fc.constantFrom(...events),
      fc.array(fc.nat(12), { maxLength: 4 }),
      value,
      name,
      (event, path, ...to) => {
        const sent = changed(event, path, ...to) as Record<string, unknown>;
        const type = event["type"] as string;
        const plain = sent?.["type"] === type ? readPlain(type, sent) : undefined;
        if (plain === undefined) return;
        read++;
        // To the letter, and so in the same order; but a delta passes as it came.
        const { success, data } = schemas.get(type)?.safeParse(structuredClone(sent)) ?? {};
        expect(success).toBe(true);
        if (plain !== sent) expect(JSON.stringify(plain)).toBe(JSON.stringify(data));
      },
    ),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(500);
});
