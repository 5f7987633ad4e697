import { z } from "zod";
import { mapSchema } from "../messages/json-schema.ts";

/** Where a value does not fit a JSON Schema. One that zod can't read is the upstream's to keep: its answer is believed. */
export function misfit(value: unknown, schema: Record<string, unknown>): string | undefined {
  let type: z.ZodType;
  try {
    type = z.fromJSONSchema(mapSchema(schema, readable), "definitions" in schema ? { defaultTarget: "draft-7" } : {});
  } catch {
    return undefined;
  }
  const result = type.safeParse(value);
  const [issue] = result.error?.issues ?? [];
  if (issue === undefined) return undefined;
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}

/**
 * A schema as zod reads it rightly. `format` and `default` only annotate in JSON Schema, where zod enforces the one in its
 * own way and fills in the other; and it never finds an object or a list equal to another.
 */
function readable({ format: _format, default: _default, ...schema }: Record<string, unknown>): Record<string, unknown> {
  const values = [schema["const"], ...(Array.isArray(schema["enum"]) ? schema["enum"] : [])];
  if (values.some((value) => typeof value === "object" && value !== null)) throw new TypeError("not comparable");
  return schema;
}
