import { z } from "zod";
import { invalidRequest } from "../messages/invalid.ts";
import type { Tool } from "../messages/types.ts";

type Issue = z.core.$ZodIssue;

/**
 * The body as the schema has it. Throws `invalid_request` in the words of the Messages API, for the first fault:
 * `max_tokens: Field required`.
 */
export function validate<S extends z.ZodObject>(schema: S, body: unknown): z.output<S> {
  const valid = isObject(body) ? readFields(schema, body) : undefined;
  if (valid !== undefined) return valid as z.output<S>;
  const result = schema.safeParse(body, { error: describe, reportInput: true });
  if (result.success) return result.data;
  const [first] = result.error.issues;
  if (first === undefined) throw invalidRequest("", "the body is not valid");
  const { issue, path } = deepest(first, []);
  const reason = path.length === 0 ? `the request body: ${issue.message}` : issue.message;
  throw invalidRequest(path.join("."), reason, codeOf(issue));
}

interface Field {
  name: string;
  schema: z.ZodType;
  /** Whether it says nothing where it is absent. */
  optional: boolean;
}

const fieldsOf = new WeakMap<z.ZodObject, readonly Field[]>();

/** What the schema says of a body that is valid; undefined for any other. A request has few of the many fields there are. */
function readFields(object: z.ZodObject, body: Record<string, unknown>): Record<string, unknown> | undefined {
  let fields = fieldsOf.get(object);
  if (fields === undefined) fieldsOf.set(object, (fields = Object.entries(object.shape).map(toField)));
  const read: Record<string, unknown> = {};
  for (const { name, schema, optional } of fields) {
    const value = body[name];
    if (value === undefined && optional) continue;
    const { success, data } = schema.safeParse(value);
    if (!success) return undefined;
    read[name] = data;
  }
  return read;
}

function toField([name, type]: [string, z.core.$ZodType]): Field {
  const schema = type as z.ZodType;
  const { success, data } = schema.safeParse(undefined);
  return { name, schema, optional: success && data === undefined };
}

/** A field that may be null or absent, which mean the same. */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** Any JSON object, as it is given: what a record copies loses a key such as `__proto__`. */
export const jsonObject = z.unknown().transform((value, { issues }): Record<string, unknown> => {
  if (isObject(value)) return value;
  issues.push({ code: "invalid_type", expected: "object", input: value });
  return z.NEVER;
});

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A tool's name. Well-formed at once: two names that become the same later would be neither unique nor found. */
export const toolName = z
  .string()
  .min(1)
  .max(256)
  .transform((name) => name.toWellFormed());

/** A tool's schema: that of an object, which it is taken for where it names no type. */
export const inputSchema = jsonObject.transform((schema, { issues }) => {
  const { type } = schema;
  if (type === "object") return schema;
  if (type === undefined || type === null) return { ...schema, type: "object" };
  issues.push({ code: "invalid_value", values: ["object"], input: type, path: ["type"] });
  return z.NEVER;
});

/** The tools' names. Throws `invalid_request` for the first that another tool has already, at the path of its name. */
export function uniqueNames(tools: readonly Tool[], pathOf: (index: number) => string): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, { name }] of tools.entries()) {
    if (names.has(name)) throw invalidRequest(pathOf(index), `tool names must be unique: ${name}`, "invalid_value");
    names.add(name);
  }
  return names;
}

/** Throws `invalid_request` for the choice of a tool that is not there. */
export function requireTool(names: ReadonlySet<string>, name: string, path: string): void {
  if (!names.has(name)) throw invalidRequest(path, `there is no tool with this name: ${name}`, "invalid_value");
}

/** A union is at fault where the alternative that the client meant is: the one whose type the value has. */
function deepest(issue: Issue, above: readonly PropertyKey[]): { issue: Issue; path: PropertyKey[] } {
  const path = [...above, ...issue.path];
  const branches = issue.code === "invalid_union" ? issue.errors : [];
  for (const [first] of branches) {
    const isOtherType = first?.code === "invalid_type" && first.path.length === 0;
    if (first !== undefined && !isOtherType) return deepest(first, path);
  }
  return { issue, path };
}

function describe(issue: z.core.$ZodRawIssue): string | undefined {
  if (isMissing(issue)) return "Field required";
  switch (issue.code) {
    case "invalid_type":
      return `Input should be ${typeName(issue.expected)}`;
    case "invalid_value":
      return `Input should be ${oneOf(issue.values)}`;
    case "invalid_union":
      return `Input should be ${Array.isArray(issue.options) ? oneOf(issue.options) : unionNames(issue.errors)}`;
    case "too_small":
      return `Input should ${sizeOf(issue.origin)} at least ${issue.minimum}`;
    case "too_big":
      return `Input should ${sizeOf(issue.origin)} at most ${issue.maximum}`;
    default:
      return undefined;
  }
}

/** The input of a union's issue is the whole object, though what is missing may be the field that tells its kind. */
function isMissing(issue: Issue | z.core.$ZodRawIssue): boolean {
  const { input } = issue;
  if (issue.code !== "invalid_union" || typeof issue.discriminator !== "string") return input === undefined;
  return typeof input === "object" && input !== null && Reflect.get(input, issue.discriminator) === undefined;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a valid string",
  number: "a valid number",
  int: "a valid integer",
  boolean: "a valid boolean",
  array: "a valid list",
  object: "a valid object",
  record: "a valid object",
};

const typeName = (expected: string): string => typeNames[expected] ?? `a valid ${expected}`;

const oneOf = (values: readonly unknown[]): string => alternatives(values.map((value) => `'${String(value)}'`));

function unionNames(branches: readonly (readonly Issue[])[]): string {
  return alternatives(branches.flatMap(([first]) => (first?.code === "invalid_type" ? typeName(first.expected) : [])));
}

/** `a`, `a or b`, `a, b or c`. */
function alternatives(names: readonly string[]): string {
  const last = names.at(-1) ?? "valid";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} or ${last}`;
}

const sizeOf = (origin: string): string => (origin === "array" || origin === "string" ? "have a length of" : "be");

function codeOf(issue: Issue): string {
  if (isMissing(issue)) return "missing_required_parameter";
  return issue.code === "invalid_type" ? "invalid_type" : "invalid_value";
}
