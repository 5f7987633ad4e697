import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import { ProxyError } from "../../src/error.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { asAnthropic, asChat, asFunctions, asResponses, offer } from "./offers.ts";
import { context } from "./refusal.ts";

const base = { model: "m", max_tokens: 9, messages: [{ role: "user", content: "Hi" }] };

describe("tools that every API can tell", () => {
  test("are one canonical request, byte for byte", () => {
    fc.assert(
      fc.property(offer, (offer) => {
        const { request } = anthropic.decode({ ...base, ...asAnthropic(offer) }, context);
        expect(request.tools?.map((tool) => tool.input_schema)).toEqual(
          offer.tools.map(({ schema }) => ({ ...schema, type: "object" })),
        );
        const sameRequest = chat.decode({ ...base, ...asChat(offer) }, context).request;
        expect(sameRequest).toEqual(request);
        expect(
          responses.decode({ model: "m", input: "Hi", max_output_tokens: 9, ...asResponses(offer) }, context).request,
        ).toEqual(request);
        expect(JSON.stringify(sameRequest.tools)).toBe(JSON.stringify(request.tools));
      }),
    );
  });

  test("and so are legacy functions", () => {
    const legacy = offer.filter(({ choice }) => choice.mode !== "any").map((told) => ({ ...told, oneAtATime: true }));
    fc.assert(
      fc.property(legacy, (offer) => {
        const { request } = chat.decode({ ...base, ...asFunctions(offer) }, context);
        expect(request).toEqual(anthropic.decode({ ...base, ...asAnthropic(offer) }, context).request);
      }),
    );
  });
});

const fields = ["tools", "tool_choice", "functions", "function_call", "parallel_tool_calls"] as const;

describe.each([anthropic, chat])("$name, naming the field, refuses or accepts", (dialect) => {
  function decodes(given: object): void {
    try {
      dialect.decode({ ...base, ...given }, context);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      expect(error.kind).toBe("invalid_request");
      expect(fields.some((field) => field === error.param?.split(".")[0])).toBe(true);
      expect(error.message).toStartWith(error.param ?? "");
    }
  }

  test("any JSON", () => {
    const given = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue(), { minKeys: 1 });
    fc.assert(fc.property(given, decodes), { numRuns: 500 });
  });

  test("what is nearly right", () => {
    const any = fc.jsonValue();
    const name = fc.oneof({ weight: 3, arbitrary: fc.constantFrom("f", "g") }, any);
    const schema = fc.oneof(any, fc.record({ type: fc.oneof(fc.constant("object"), any) }));
    const definition = fc.record(
      { name, description: any, parameters: schema, strict: fc.oneof(fc.boolean(), any) },
      { requiredKeys: ["name"] },
    );
    const type = fc.constantFrom("function", "custom", "bash_20250124", "auto", "any", "tool", "none", "allowed_tools");
    const tool = fc.record(
      { type, name, input_schema: schema, input_examples: any, function: fc.oneof(definition, any) },
      { requiredKeys: [] },
    );
    const reference = fc.record({ type, function: fc.record({ name }) }, { requiredKeys: ["function"] });
    const allowed = fc.record({ mode: fc.constantFrom("auto", "required", 1), tools: fc.array(reference) });
    const choice = fc.oneof(
      fc.constantFrom("auto", "none", "required"),
      fc.record(
        {
          type,
          name,
          function: fc.oneof(fc.record({ name }), any),
          allowed_tools: fc.oneof(allowed, any),
          disable_parallel_tool_use: any,
        },
        { requiredKeys: ["type"] },
      ),
    );
    const given = fc.record(
      {
        tools: fc.array(tool, { maxLength: 3 }),
        tool_choice: choice,
        functions: fc.array(definition, { maxLength: 3 }),
        function_call: choice,
        parallel_tool_calls: fc.oneof(fc.boolean(), any),
      },
      { requiredKeys: [] },
    );
    fc.assert(fc.property(given, decodes), { numRuns: 1000 });
  });

  test("any depth", () => {
    const deep: unknown = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    let deeper: unknown = deep;
    for (let depth = 0; depth < 100_000; depth++) deeper = { properties: deeper };
    for (const junk of [deep, deeper]) {
      for (const field of fields) {
        decodes({ [field]: junk });
        decodes({ [field]: [junk] });
      }
      decodes({ tools: [{ name: "f", input_schema: junk, function: { name: "f", parameters: junk } }] });
      decodes({ tools: [{ name: "f", input_schema: { type: "object", properties: junk } }] });
      decodes({ functions: [{ name: "f", parameters: { properties: junk } }] });
    }
  });
});
