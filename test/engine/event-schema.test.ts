import { expect, test } from "bun:test";
import fc from "fast-check";
import { readEvent } from "../../src/engine/event-schema.ts";
import { ProxyError } from "../../src/error.ts";

const texts = {
  text_delta: "text",
  thinking_delta: "thinking",
  input_json_delta: "partial_json",
  signature_delta: "signature",
};
const types = fc.constantFrom(...(Object.keys(texts) as (keyof typeof texts)[]));

test("a delta with an index and its text is read as it came, whatever else it has", () => {
  const extra = fc.dictionary(fc.constantFrom("x", "vendor", "citations"), fc.jsonValue());
  fc.assert(
    fc.property(types, fc.nat(), fc.string(), extra, extra, (type, index, text, more, within) => {
      const delta = { ...within, type, [texts[type]]: text };
      const event = { ...more, type: "content_block_delta", index, delta };
      expect<unknown>(readEvent(structuredClone(event))).toEqual(event);
    }),
  );
});

test("one without is broken, and what is wrong with it is said", () => {
  const noText = fc.oneof(fc.integer(), fc.constant(null), fc.constant(undefined), fc.constant([]));
  const noIndex = fc.oneof(fc.constantFrom(-1, 0.5, 2 ** 53, "0", null, undefined), fc.double({ max: -0.1 }));
  const fault = (event: object) => {
    try {
      readEvent(event);
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(ProxyError);
      return (error as ProxyError).message;
    }
  };
  fc.assert(
    fc.property(types, noText, noIndex, (type, wrong, index) => {
      const good = { type, [texts[type]]: "a" };
      const bad = { type, [texts[type]]: wrong };
      expect(fault({ type: "content_block_delta", index: 0, delta: bad })).toContain("without a valid delta");
      expect(fault({ type: "content_block_delta", index, delta: good })).toContain("without a valid index");
      expect(fault({ type: "content_block_delta", index: 0, delta: good })).toBeUndefined();
    }),
  );
});

test.each([[null], [7], ["text"], [[{ type: "ping" }]], [{}], [{ type: null }]])("%j is no event", (event) => {
  expect(() => readEvent(event)).toThrow(ProxyError);
});

test("a delta of a type that objects have by nature is one of a newer type", () => {
  const event = { type: "content_block_delta", index: 0, delta: { type: "constructor" } };
  expect<unknown>(readEvent(event)).toEqual(event);
});
