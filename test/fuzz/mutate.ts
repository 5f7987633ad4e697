/** JSON values that are nearly right. */

import fc from "fast-check";

/** Keys that some objects have without having them, and others that are legal and rare. */
const strangeKeys = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "length",
  "",
  "0",
  "\u2028",
  "\ud800",
  "type",
];

/** Numbers that JSON can spell and nothing else does. */
const spelled = ["1e400", "-0", "1E5", "12345678901234567890", "0.1e-400", "-1e400"].map((text) => JSON.rawJSON(text));

const strangeTexts = [
  "",
  " ",
  "\0",
  "\ud83d",
  "\ude00a",
  "\u2028\u2029\ufeff",
  "a\r\n\r\ndata: x",
  "😀".repeat(3),
  "x".repeat(100_000),
  "__proto__",
  "data:,",
  "data:image/png;base64,AAAA",
  "text",
  "auto",
  "[DONE]",
];

/** What may stand in the place of any value. */
export const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1, 0.5, 2 ** 53, [], {}, [null], [[]], ...spelled),
  fc.constantFrom(...strangeTexts),
  fc.constantFrom(...strangeTexts, ...strangeKeys).map((text) => [{ type: text, text }]),
  fc.tuple(fc.constantFrom(...strangeKeys), fc.jsonValue()).map(([key, value]) => ownKey({}, key, value)),
  fc.string({ unit: "binary" }),
  fc.jsonValue(),
  fc.constantFrom(50, 5000).map(nested),
);

/** Adds a key of its own, also where an assignment would do something else. */
function ownKey(object: object, key: string, value: unknown): object {
  return Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function nested(depth: number): unknown {
  let value: unknown = "deep";
  for (let level = 0; level < depth; level++) value = level % 2 ? [value] : { a: value };
  return value;
}

/** One change of one place in a value, wherever it is: counted modulo the number of places. */
interface Mutation {
  place: number;
  do: "replace" | "drop" | "repeat" | "add" | "swap";
  with: unknown;
  key: string;
  other: number;
}

const mutation: fc.Arbitrary<Mutation> = fc.record({
  place: fc.nat(),
  do: fc.constantFrom("replace", "replace", "drop", "repeat", "add", "swap"),
  with: junk,
  key: fc.constantFrom(...strangeKeys),
  other: fc.nat(),
});

export const mutations = fc.array(mutation, { maxLength: 3 });

interface Place {
  in: Record<string, unknown>;
  key: string;
}

/** The value with these changes; what it was is left as it is. */
export function mutate<T>(value: T, changes: readonly Mutation[]): unknown {
  const root = { value: copied(value) };
  for (const change of changes) {
    const places = placesIn(root);
    if (places.length === 0) break;
    const { in: object, key } = places[change.place % places.length] as Place;
    const here = object[key];
    const given = copied(change.with);
    switch (change.do) {
      case "replace":
        ownKey(object, key, given);
        break;
      case "drop":
        if (Array.isArray(object)) object.splice(Number(key), 1);
        else delete object[key];
        break;
      case "repeat":
        if (Array.isArray(object)) object.splice(Number(key), 0, copied(here));
        break;
      case "add":
        if (Array.isArray(here)) here.push(given);
        else if (!Object.isFrozen(here)) ownKey(here as object, change.key, given);
        break;
      case "swap": {
        const other = places[change.other % places.length] as Place;
        ownKey(object, key, copied(other.in[other.key]));
        break;
      }
    }
  }
  return root.value;
}

/** A deep copy. A spelled number, which is a frozen object, is itself: `structuredClone` knows none. */
function copied(value: unknown): unknown {
  if (Object.isFrozen(value)) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy = {};
  for (const [key, inner] of Object.entries(value as object)) ownKey(copy, key, copied(inner));
  return copy;
}

/** Every place below a value that holds a value; not within what is nested deeper than anyone nests. */
function placesIn(value: unknown, depth = 0): Place[] {
  if (Object.isFrozen(value) || depth > 30) return [];
  const object = value as Record<string, unknown>;
  return Object.keys(object).flatMap((key) => [{ in: object, key }, ...placesIn(object[key], depth + 1)]);
}
