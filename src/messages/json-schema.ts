import type { ProxyError } from "../error.ts";
import { invalidRequest } from "./invalid.ts";

export type Schema = Record<string, unknown>;

/** Deeper ones no API takes, and walks over them would end in a stack overflow. */
const deepest = 100;

/** Keywords whose value is a schema, a list of them, or an object of them. */
const single = ["items", "additionalProperties", "contains", "propertyNames", "not"];
const lists = ["anyOf", "oneOf", "prefixItems"];
const named = ["properties", "patternProperties", "$defs", "definitions"];

/**
 * A JSON Schema with `change` made to each of its schemas, the inner ones first. The parts of an `allOf` stay: they hold
 * together, and what is right for a whole schema is wrong for one of them. Throws `invalid_request` at the path where it
 * is nested too deeply.
 */
export function mapSchema(schema: Schema, change: (schema: Schema) => Schema, path = "schema"): Schema {
  return mapped(schema, change, path, 0);
}

function mapped(schema: Schema, change: (schema: Schema) => Schema, path: string, depth: number): Schema {
  if (depth > deepest) throw tooDeep(path);
  const inner = (value: unknown) => (isObject(value) ? mapped(value, change, path, depth + 1) : value);
  const copy = { ...schema };
  for (const keyword of single) if (isObject(copy[keyword])) copy[keyword] = inner(copy[keyword]);
  for (const keyword of lists) {
    const list = copy[keyword];
    if (Array.isArray(list)) copy[keyword] = list.map(inner);
  }
  for (const keyword of named) {
    const schemas = copy[keyword];
    if (!isObject(schemas)) continue;
    copy[keyword] = Object.fromEntries(Object.entries(schemas).map(([name, value]) => [name, inner(value)]));
  }
  return change(copy);
}

/**
 * The schema with `additionalProperties: false` in every object that says nothing of it, as the Messages API wants it;
 * with `named`, only where it names properties, as any others would mean nothing.
 */
export function closeObjects(schema: Schema, path: string, which: "all" | "named"): Schema {
  const isOpen = (one: Schema) => takesObjects(one) && !("additionalProperties" in one);
  const isMeant = ({ properties }: Schema) =>
    which === "all" || (isObject(properties) && Object.keys(properties).length > 0);
  return mapSchema(
    schema,
    (one) => (isOpen(one) && isMeant(one) ? { ...one, additionalProperties: false } : one),
    path,
  );
}

/** Throws `invalid_request` for a schema of any keywords that is nested too deeply. */
export function requireShallow(schema: Schema, path: string): void {
  // A level of a schema is two of JSON: `properties`, and the name of one.
  const isShallow = (value: unknown, left: number): boolean =>
    typeof value !== "object" ||
    value === null ||
    (left > 0 && Object.values(value).every((one) => isShallow(one, left - 1)));
  if (!isShallow(schema, 2 * deepest)) throw tooDeep(path);
}

function tooDeep(path: string): ProxyError {
  return invalidRequest(path, `it is nested more than ${deepest} levels deep`, "invalid_value");
}

export function takesObjects({ type, properties }: Schema): boolean {
  if (type === undefined) return isObject(properties);
  return type === "object" || (Array.isArray(type) && type.includes("object"));
}

export function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
