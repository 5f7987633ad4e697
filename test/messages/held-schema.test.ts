import { describe, expect, test } from "bun:test";
import { toHeld } from "../../src/messages/held-schema.ts";

const closed = (properties: object, more = {}) => ({
  type: "object",
  properties,
  additionalProperties: false,
  ...more,
});

describe("a schema in the upstream's words", () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ["what it knows", closed({ a: { type: ["string", "null"] } }, { required: ["a"], title: "T" }), {}],
    ["limits of numbers", { type: "integer", minimum: 1, maximum: 9 }, { description: "{minimum: 1, maximum: 9}" }],
    [
      "limits of a text",
      { type: "string", description: "A.", pattern: "^a$" },
      { description: 'A.\n\n{pattern: "^a$"}' },
    ],
    ["a format", { type: "string", format: "email" }, {}],
    ["one that it does not know", { type: "string", format: "regex" }, { description: '{format: "regex"}' }],
    ["a list", { type: "array", items: { type: "number" }, minItems: 1 }, {}],
    ["a longer one", { type: "array", items: { type: "number" }, minItems: 2 }, { description: "{minItems: 2}" }],
    ["literals", { enum: ["a", 1, null] }, {}],
    ["a default", { type: "boolean", default: true }, { description: "{default: true}" }],
    ["the dialect", { $schema: "https://json-schema.org/draft/2020-12/schema", type: "null" }, {}],
  ])("%s", (_, schema, told) => {
    const kept = ["type", "properties", "additionalProperties", "required", "title", "items", "enum"];
    if (schema["minItems"] === 1) kept.push("minItems");
    if (schema["format"] === "email") kept.push("format");
    const own = Object.fromEntries(Object.entries(schema).filter(([name]) => kept.includes(name)));
    expect(toHeld(schema)).toEqual({ ...own, ...told });
  });

  test("alternatives, references, and what stands beside them", () => {
    const age = { type: "integer", minimum: 0 };
    const told = { type: "integer", description: "{minimum: 0}" };
    const refer = { $ref: "#/$defs/age" };
    expect(toHeld({ oneOf: [{ type: "string" }, refer], $defs: { age } })).toEqual({
      anyOf: [{ type: "string" }, refer],
      $defs: { age: told },
    });
    const properties = { a: { ...refer, description: "Of a." }, b: { allOf: [refer], title: "B" }, c: refer };
    expect(toHeld(closed(properties, { $defs: { age } }))).toEqual(
      closed({ a: refer, b: refer, c: refer }, { $defs: { age: told } }),
    );
    expect(toHeld({ ...refer, $defs: { age } })).toEqual({ ...refer, $defs: { age: told } });
  });

  test.each<[string, Record<string, unknown>]>([
    ["any value", {}],
    ["an open object", { type: "object", properties: { a: { type: "string" } } }],
    ["a map", { type: "object", additionalProperties: { type: "string" } }],
    ["an open object within", closed({ a: { type: "array", items: { type: ["object", "null"] } } })],
    ["any value within", closed({ a: true })],
    ["parts of one", { allOf: [closed({}), closed({})] }],
    ["objects as literals", { enum: [{ a: 1 }] }],
    ["itself", closed({ a: { $ref: "#" } })],
    ["recursion", closed({ a: { $ref: "#/$defs/a" } }, { $defs: { a: closed({ b: { $ref: "#/$defs/a" } }) } })],
    ["a reference to elsewhere", { $ref: "https://example.com/a" }],
    ["a reference to nothing", { $ref: "#/$defs/a" }],
  ])("none for %s", (_, schema) => {
    expect(toHeld(schema)).toBeUndefined();
  });

  test("the same twice, and in linear time where definitions use each other", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [
        `d${n}`,
        { anyOf: [{ $ref: `#/$defs/d${n + 1}` }, { $ref: `#/$defs/d${n + 1}` }] },
      ]),
    );
    const schema = { $ref: "#/$defs/d0", $defs: { ...$defs, d60: { type: "string" } } };
    const held = toHeld(schema);
    expect(held).toEqual(schema);
    expect(toHeld(held as typeof schema)).toEqual(schema);
  });
});
