import { makeWellFormed } from "./well-formed.ts";

/** What the types of this version of Bun lack of it. */
declare global {
  interface JSON {
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
    rawJSON(text: string): unknown;
  }
}

/**
 * The JSON object that a tool call's arguments spell, empty text being none; undefined when it is anything else.
 * `numbers: "spelled"` keeps those that `JSON.stringify` would write otherwise, such as ids of 20 digits, as they are
 * spelled: they can be written again, and nothing else.
 */
export function parseToolInput(json: string, numbers?: "spelled"): Record<string, unknown> | undefined {
  if (json === "") return {};
  if (!/^\s*\{/.test(json)) return undefined;
  try {
    const input = numbers === "spelled" ? JSON.parse(json, keepSpelling) : JSON.parse(json);
    return makeWellFormed({ ...(input as Record<string, unknown>) });
  } catch {
    return undefined;
  }
}

function keepSpelling(_key: string, value: unknown, { source = "" }: { source?: string }): unknown {
  return typeof value === "number" && JSON.stringify(value) !== source ? JSON.rawJSON(source) : value;
}
