import { expect } from "bun:test";

type Type = "string" | "number" | "array" | "object" | "null" | "undefined";

/** Fails where a field has none of its types. Unlike `toMatchObject` with matchers, it leaves the value as it is. */
export function expectTypes(value: object, types: Readonly<Record<string, Type | readonly Type[]>>): void {
  const wrong = Object.entries(types).filter(
    ([name, type]) => ![type].flat().includes(typeOf(Reflect.get(value, name))),
  );
  expect(wrong).toEqual([]);
}

function typeOf(value: unknown): Type {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : (typeof value as Type);
}
