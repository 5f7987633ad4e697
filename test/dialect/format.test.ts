import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatChecks } from "../../src/dialect/format.ts";
import { ProxyError } from "../../src/error.ts";
import { collect } from "../../src/messages/collect.ts";
import { inGrammar } from "../../src/messages/grammar.ts";
import { singly } from "../../src/messages/through.ts";
import type { Events, MessageEvent, MessagesRequest } from "../../src/messages/types.ts";
import { answer, streamOf, text, thinking, toolUse } from "./answers.ts";
import { flat } from "../support/flat.ts";

const request = (fields: Partial<MessagesRequest>): MessagesRequest => ({
  model: "m",
  system: [],
  messages: [],
  ...fields,
});
const anObject = request({ text_format: "json_object" });
const anyJson = request({ text_format: "json", output_config: { format: { type: "json_schema", schema: {} } } });
const ofSchema = (schema: Record<string, unknown>) =>
  request({ output_config: { format: { type: "json_schema", schema } } });

const ensureFormat = (events: Events, asked: MessagesRequest) => inGrammar(events, ...formatChecks(asked));

const told = (...pieces: string[]) => answer([text(...pieces)], "end_turn");

async function faultOf(events: MessageEvent[], asked: MessagesRequest): Promise<string | undefined> {
  try {
    await collect(ensureFormat(streamOf(events), asked));
    return undefined;
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    expect(error).toMatchObject({ kind: "upstream", code: "invalid_format", retryable: false });
    return error.message.replace("The model's answer is not what the requested format asks for: ", "");
  }
}

describe("json_object", () => {
  test.each<[string, string | undefined]>([
    ['{"a":1}', undefined],
    [' \n{"a":1}\n', undefined],
    ["[1]", "it is not a JSON object."],
    ["null", "it is not a JSON object."],
    ["Sure! Here it is: {}", "it is not JSON."],
    ['{"a":1', "it is not JSON."],
    [" ", "it has no text."],
    ["``` json\n{}\n```\nThere you go.", "it is not JSON."],
  ])("%j", async (whole, fault) => {
    expect(await faultOf(told(whole), anObject)).toBe(fault as string);
    expect(await faultOf(told(...whole), anObject)).toBe(fault as string);
  });

  test("the fence around it is taken away, however the text is cut, and nothing else", async () => {
    const fence = fc.constantFrom("```json\n", "```\n", " \n```JSON \n");
    const value = fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.constantFrom("```", "`", " ")));
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }));
    const indents = fc.constantFrom(0, 2);
    await fc.assert(
      fc.asyncProperty(fence, value, indents, lengths, async (open, object, indent, cuts) => {
        const json = JSON.stringify(object, null, indent);
        const whole = `${open}${json}\n\`\`\`\n`;
        const pieces: string[] = [];
        let rest = whole;
        for (const cut of cuts) {
          pieces.push(rest.slice(0, cut));
          rest = rest.slice(cut);
        }
        const message = await collect(ensureFormat(streamOf(told(...pieces, rest)), anObject));
        expect(message.content).toEqual([{ type: "text", text: json }]);
      }),
    );
  });

  test("streams: what is no fence is not held back", async () => {
    const source = told('{"a":', "1", "}");
    const seen: string[] = [];
    for await (const event of flat(ensureFormat(streamOf(source), anObject))) seen.push(JSON.stringify(event));
    expect(seen).toEqual(source.map((event) => JSON.stringify(event)));
  });
});

describe("json_schema", () => {
  const schema = {
    type: "object",
    properties: { name: { type: "string" }, ages: { type: "array", items: { $ref: "#/$defs/age" } } },
    required: ["name"],
    additionalProperties: false,
    $defs: { age: { type: "integer", minimum: 0 } },
  };

  test.each<[unknown, string | undefined]>([
    [{ name: "Ann", ages: [1, 2] }, undefined],
    [{ name: 1 }, "name: Invalid input: expected string, received number."],
    [{ name: "Ann", ages: [1, -2] }, "ages.1: Too small: expected number to be >=0."],
    [{ name: "Ann", nick: "A" }, 'Unrecognized key: "nick".'],
    [{}, "name: Invalid input: expected string, received undefined."],
    [[], "Invalid input: expected object, received array."],
  ])("%j", async (value, fault) => {
    expect(await faultOf(told(JSON.stringify(value)), ofSchema(schema))).toBe(fault as string);
  });

  test("what a schema only says about a value does not refuse it", async () => {
    for (const [type, value] of [
      [{ type: "string", format: "email" }, "ann@localhost"],
      [{ type: "string", format: "time" }, "10:00:00Z"],
      [{ const: { a: 1 } }, { a: 1 }],
      [{ enum: [["a"], "b"] }, ["a"]],
      [{ $ref: "#/definitions/a", definitions: { a: { type: "string" } } }, "a"],
    ] as const) {
      expect(await faultOf(told(JSON.stringify(value)), ofSchema({ ...type }))).toBeUndefined();
    }
    const defaults = { type: "object", properties: { format: { type: "string", default: "x" } }, required: ["format"] };
    expect(await faultOf(told("{}"), ofSchema(defaults))).toContain("format");
  });

  test("a schema that can't be read leaves the answer to the upstream, but JSON it must be", async () => {
    let deep: Record<string, unknown> = {};
    for (let depth = 0; depth < 10_000; depth++) deep = { items: deep };
    for (const unreadable of [{ if: {}, else: {} }, { type: "bogus" }, { pattern: "(" }, { $ref: "https://x" }, deep]) {
      expect(await faultOf(told("{}"), ofSchema(unreadable))).toBeUndefined();
      expect(await faultOf(told("no"), ofSchema(unreadable))).toBe("it is not JSON.");
    }
  });

  test("one that says more than the upstream was told is the one that counts", async () => {
    const asked = { ...ofSchema({ type: "integer" }), text_format: { schema: { type: "integer", minimum: 1 } } };
    expect(await faultOf(told("0"), asked)).toBe("Too small: expected number to be >=1.");
    expect(await faultOf(told("1"), asked)).toBeUndefined();
  });

  test("as advice, it asks for any JSON", async () => {
    expect(await faultOf(told("3"), anyJson)).toBeUndefined();
    expect(await faultOf(told("three"), anyJson)).toBe("it is not JSON.");
  });
});

describe("in a stream", () => {
  test("a failure comes instead of message_delta, and ends the source", async () => {
    const seen: string[] = [];
    let ended = false;
    async function* source() {
      try {
        yield* told("Sorry, no.");
      } finally {
        ended = true;
      }
    }
    const read = async () => {
      for await (const event of flat(ensureFormat(singly(source()), anObject))) seen.push(event.type);
    };
    await expect(read()).rejects.toThrow("it is not JSON");
    expect(seen.at(-1)).toBe("content_block_stop");
    expect(ended).toBe(true);
  });

  test.each(["max_tokens", "refusal", "stop_sequence", "tool_use"] as const)("%s is not checked", async (reason) => {
    expect(await faultOf(answer([text('{"a')], reason), anObject)).toBeUndefined();
  });

  test("text before a call is free, and thinking is no text", async () => {
    expect(await faultOf(answer([text("Let me look."), toolUse("t", "f")], "tool_use"), anObject)).toBeUndefined();
    expect(await faultOf(answer([thinking("s", "hm"), text("{}")], "end_turn"), anObject)).toBeUndefined();
  });

  test("without a format there is no step", () => {
    expect(formatChecks(request({}))).toEqual([]);
    expect(formatChecks(request({ output_config: { effort: "low" } }))).toEqual([]);
  });
});
