import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { editDistance, nearest } from "../src/nearest.ts";

const word = fc.string({ maxLength: 12, unit: fc.constantFrom("a", "b", "c", "-") });

describe("editDistance", () => {
  test.each([
    ["port", "port", 0],
    ["", "abc", 3],
    ["prot", "port", 1],
    ["pot", "port", 1],
    ["porrt", "port", 1],
    ["kitten", "sitting", 3],
  ])("%p to %p is %p", (from, to, distance) => expect(editDistance(from, to)).toBe(distance));

  test("is 0 for equal words only, the same both ways, and never more than the longer word", () => {
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance === 0).toBe(a === b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe("nearest", () => {
  const names = ["port", "host", "client-key", "system-prompt"];

  test("finds a name behind one slip, whichever letter it hits", () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, at) => {
        const index = at % name.length;
        expect(nearest(name.slice(0, index) + name.slice(index + 1), names)).toBe(name);
      }),
    );
  });

  test("ignores case", () => expect(nearest("Client-Kye", names)).toBe("client-key"));
  test("prefers the nearer one", () => expect(nearest("hort", ["port", "hort"])).toBe("hort"));
  test("suggests nothing for nonsense", () => expect(nearest("xyzzy", names)).toBeUndefined());
});
