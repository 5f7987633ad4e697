import { expect, test } from "bun:test";
import fc from "fast-check";
import { makeWellFormed } from "../../src/messages/well-formed.ts";

test("replaces lone surrogates in values and keys, at any place", () => {
  const value = { a: "x\ud800", list: ["\udc00y", 1, null], inner: { "k\ud800": { deep: "ok 😀" } } };
  expect(makeWellFormed<object>(value)).toEqual({
    a: "x\ufffd",
    list: ["\ufffdy", 1, null],
    inner: { "k\ufffd": { deep: "ok 😀" } },
  });
});

test("keeps NUL and whole surrogate pairs", () => {
  expect(makeWellFormed({ text: "\0😀\u2028" })).toEqual({ text: "\0😀\u2028" });
});

test("does not change what is well-formed already", () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: "grapheme" }), (value) => {
      const before = JSON.stringify(value);
      makeWellFormed({ value });
      expect(JSON.stringify(value)).toBe(before);
    }),
  );
});

test("is not stopped by depth", () => {
  const root: { next?: object; text: string } = { text: "" };
  let node = root;
  for (let depth = 0; depth < 200_000; depth++) node = node.next = { text: "" };
  node.text = "\ud800";
  makeWellFormed(root);
  expect(node.text).toBe("\ufffd");
});

test("does not reach into prototypes", () => {
  const value: object = JSON.parse('{"__proto__":"x\\ud800","__proto__2":{"__proto__":{"text":"\\udc00"}}}');
  expect(JSON.stringify(makeWellFormed(value))).toBe(
    '{"__proto__":"x\ufffd","__proto__2":{"__proto__":{"text":"\ufffd"}}}',
  );
});
