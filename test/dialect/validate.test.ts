/** To look only at what a request says finds what the schema finds. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { requestSchema as anthropic } from "../../src/dialect/anthropic/schema.ts";
import { requestSchema as chat } from "../../src/dialect/chat/schema.ts";
import { requestSchema as responses } from "../../src/dialect/responses/schema.ts";
import { validate } from "../../src/dialect/validate.ts";
import { valuesOf } from "../fuzz/schema.ts";

describe.each([
  ["anthropic", anthropic],
  ["chat", chat],
  ["responses", responses],
] as const)("a request of %s", (_, schema) => {
  test("is valid where the schema says so, and becomes the same", () => {
    let valid = 0;
    fc.assert(
      fc.property(valuesOf(schema), (body) => {
        const { success, data } = schema.safeParse(body);
        if (!success) return expect(() => validate(schema, body)).toThrow();
        valid++;
        expect(Object.entries(validate(schema, body))).toEqual(Object.entries(data));
      }),
    );
    expect(valid).toBeGreaterThan(10);
  });
});
