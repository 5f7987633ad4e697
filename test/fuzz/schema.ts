/** Values that a zod schema accepts, or nearly does: whatever field it gets, cases have it too. */

import fc from "fast-check";
import type { z } from "zod";

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/** Texts that mean something somewhere. */
const text = fc.oneof(
  fc.constantFrom("Hello", "f", "toolu_1", "call_1", "{}", '{"a":1}', "text/plain", "application/pdf", "message"),
  fc.constantFrom("echo", "agent/echo", "reasoning.encrypted_content", pixel, `data:image/png;base64,${pixel}`),
  fc.string({ unit: "grapheme", maxLength: 10 }),
);

const object = fc.oneof(
  fc.constantFrom<object>({ type: "object" }, { type: "object", properties: { a: { type: "string" } } }, { user: "u" }),
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
);

const known = new Map<z.core.$ZodType, fc.Arbitrary<unknown>>();

/** Values of a schema. Of bounds only those of numbers are looked at, and of refinements none. */
export function valuesOf(schema: z.core.$ZodType): fc.Arbitrary<unknown> {
  const values = known.get(schema) ?? newValues(schema as z.core.$ZodTypes);
  known.set(schema, values);
  return values;
}

function newValues(schema: z.core.$ZodTypes): fc.Arbitrary<unknown> {
  const def = schema._zod.def;
  switch (def.type) {
    case "object": {
      const fields = Object.entries(def.shape).map(([name, field]) => [name, valuesOf(field)] as const);
      const required = fields.map(([name]) => name).filter((name) => !isOptional(def.shape[name]));
      return fc.record(Object.fromEntries(fields), { requiredKeys: required });
    }
    case "array":
      return fc.array(valuesOf(def.element), { maxLength: 3 });
    case "record":
      return fc.dictionary(fc.string(), valuesOf(def.valueType), { maxKeys: 3 });
    case "union":
      return fc.oneof(...def.options.map(valuesOf));
    case "optional":
      return valuesOf(def.innerType);
    case "nullable":
      return fc.option(valuesOf(def.innerType), { freq: 20 });
    case "pipe":
      // What a preprocessing step takes is what comes behind it.
      return valuesOf(def.in._zod.def.type === "transform" ? def.out : def.in);
    case "literal":
      return fc.constantFrom(...def.values);
    case "enum":
      return fc.constantFrom(...Object.values(def.entries));
    case "string":
      return text;
    case "number": {
      const { minValue, maxValue } = schema as z.ZodNumber;
      const whole = "format" in def;
      const fits = (number: number) =>
        number >= (minValue ?? -Infinity) && number <= (maxValue ?? Infinity) && !(whole && number % 1 !== 0);
      return fc.constantFrom(...[0, 1, 2, 1024, 4096, 0.5, -1].filter(fits));
    }
    case "boolean":
      return fc.boolean();
    case "unknown":
      return object;
    default:
      throw new Error(`There are no values of a ${def.type} yet`);
  }
}

function isOptional(schema: z.core.$ZodType | undefined): boolean {
  return schema?._zod.optin === "optional";
}
