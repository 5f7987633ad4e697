import { expect, test } from "bun:test";
import { TokenMeter } from "../../src/messages/token-meter.ts";

test.each([
  ["words", "one two  three", 2, 9],
  ["a word that is longer than any token", "a".repeat(100), 2, 64],
  ["a gap that is", " ".repeat(1000), 2, 383],
  ["a gap and a word, which may be one token", `${" ".repeat(127)}a`, 0, 127],
  ["a gap that begins anew behind each word", `${" ".repeat(100)}a${" ".repeat(100)}b`, 1, 201],
  ["all of it within the limit", "one two", 2, undefined],
])("%s", (_, text, limit, over) => {
  expect(new TokenMeter(limit).push(text)).toBe(over);
  // However it is cut.
  const meter = new TokenMeter(limit);
  const found = Array.from(text).findIndex((piece) => meter.push(piece) !== undefined);
  expect(found === -1 ? undefined : found).toBe(over);
});
