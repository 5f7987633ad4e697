import { isObject, type Schema, takesObjects } from "./json-schema.ts";

/** Formats of strings that the Messages API knows. */
const formats = new Set<unknown>([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid",
]);

/** Where a `$ref` may point to. */
const localReference = /^#\/(\$defs|definitions)\/([^/]+)$/;

/**
 * A JSON Schema in the words of those that the Messages API holds an answer to (its structured outputs). What it has no
 * word for, such as `minimum`, stands in the descriptions, as Anthropic's own SDKs do it. Undefined where that would be
 * another schema: open objects, values of any type, recursion, references to elsewhere.
 */
export function toHeld(schema: Schema): Schema | undefined {
  try {
    return isRecursive(schema) ? undefined : hold(schema);
  } catch (error) {
    if (error instanceof NotHeld) return undefined;
    throw error;
  }
}

class NotHeld extends Error {}

function hold(schema: unknown): Schema {
  if (!isObject(schema)) throw new NotHeld();
  const { allOf, ...own } = schema;
  if (allOf !== undefined) {
    // What generators write to put a description beside a reference.
    if (!Array.isArray(allOf) || allOf.length !== 1 || !isObject(allOf[0])) throw new NotHeld();
    return hold({ ...allOf[0], ...own });
  }
  const held: Schema = {};
  const told: string[] = [];
  for (const [keyword, value] of Object.entries(schema)) {
    const word = wordFor(keyword, value);
    if (word === "told") told.push(`${keyword}: ${JSON.stringify(value)}`);
    else if (word !== undefined) Object.assign(held, word);
  }
  const constrains = ["type", "enum", "const", "anyOf", "$ref"].some((keyword) => keyword in held);
  if (!constrains || (takesObjects(held) && held["additionalProperties"] !== false)) throw new NotHeld();
  // Beside a reference the API takes no other keyword.
  if ("$ref" in held) return Object.fromEntries(Object.entries(held).filter(([name]) => isReference(name)));
  if (told.length === 0) return held;
  const description = [held["description"], `{${told.join(", ")}}`].filter((part) => part !== undefined);
  return { ...held, description: description.join("\n\n") };
}

/** What becomes of a keyword: itself in these words, something to be told, nothing at all. */
function wordFor(keyword: string, value: unknown): Schema | "told" | undefined {
  switch (keyword) {
    case "type":
    case "title":
    case "description":
    case "required":
      return { [keyword]: value };
    case "$schema":
    case "$id":
    case "$comment":
      return undefined;
    case "properties":
    case "$defs":
    case "definitions":
      if (!isObject(value)) throw new NotHeld();
      return { [keyword]: Object.fromEntries(Object.entries(value).map(([name, one]) => [name, hold(one)])) };
    case "items":
      return { items: hold(value) };
    case "anyOf":
    case "oneOf":
      if (!Array.isArray(value)) throw new NotHeld();
      return { anyOf: value.map(hold) };
    case "additionalProperties":
      if (value !== false) throw new NotHeld();
      return { additionalProperties: false };
    case "$ref":
      return { $ref: value };
    case "enum":
      if (!Array.isArray(value) || !value.every(isPrimitive)) throw new NotHeld();
      return { enum: value };
    case "const":
      if (!isPrimitive(value)) throw new NotHeld();
      return { const: value };
    case "format":
      return formats.has(value) ? { format: value } : "told";
    case "minItems":
      return value === 0 || value === 1 ? { minItems: value } : "told";
    default:
      return "told";
  }
}

/** Whether a reference leads back to itself. Throws where one leads elsewhere. */
function isRecursive(root: Schema): boolean {
  const open = new Set<string>();
  const done = new Set<string>();
  const visit = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(visit);
    if (!isObject(value)) return false;
    return Object.entries(value).some(([keyword, inner]) =>
      keyword === "$ref" && typeof inner === "string" ? follow(inner) : !isDefinitions(keyword) && visit(inner),
    );
  };
  const follow = (reference: string): boolean => {
    if (done.has(reference) || open.has(reference)) return open.has(reference);
    const [, place = "", name = ""] = localReference.exec(reference) ?? [];
    const definitions = root[place];
    if (!isObject(definitions) || !Object.hasOwn(definitions, name)) throw new NotHeld();
    open.add(reference);
    const recursive = visit(definitions[name]);
    open.delete(reference);
    done.add(reference);
    return recursive;
  };
  return visit(root);
}

const isReference = (keyword: string): boolean => keyword === "$ref" || isDefinitions(keyword);

const isDefinitions = (keyword: string): boolean => keyword === "$defs" || keyword === "definitions";

const isPrimitive = (value: unknown): boolean => value === null || typeof value !== "object";
