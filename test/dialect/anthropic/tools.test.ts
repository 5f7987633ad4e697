import { describe, expect, test } from "bun:test";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { context, refusalOf } from "../refusal.ts";

const minimal = { model: "opus", max_tokens: 10, messages: [{ role: "user", content: "Hi" }] };
const decoded = (fields: object) => anthropic.decode({ ...minimal, ...fields }, context);

const input_schema = { type: "object", properties: { a: { type: "string" } }, required: ["a"] };
const tool = (name: string, fields: object = {}) => ({ name, input_schema, ...fields });
const tools = [tool("f"), tool("g")];

describe("decodes", () => {
  test("a tool as it is given, with all that the engine takes", () => {
    const given = tool("f", {
      description: "Does f.",
      strict: true,
      input_examples: [{ a: "x" }],
      eager_input_streaming: true,
      defer_loading: false,
    });
    expect<unknown>(decoded({ tools: [given] }).request.tools).toEqual([given]);
    expect(decoded({ tools: [given] }).warnings).toEqual([]);
  });

  test("a schema, an example and a call's input with every key, whatever it is called", () => {
    const odd = '{"type":"object","__proto__":{"a":1},"constructor":2}';
    const parsed = () => JSON.parse(odd);
    const { request } = decoded({
      tools: [{ name: "f", input_schema: parsed(), input_examples: [parsed()] }],
      messages: [
        ...minimal.messages,
        { role: "assistant", content: [{ type: "tool_use", id: "x", name: "f", input: parsed() }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "x" }] },
      ],
    });
    expect(JSON.stringify(request.tools)).toBe(`[{"name":"f","input_schema":${odd},"input_examples":[${odd}]}]`);
    expect(JSON.stringify(request.messages[1])).toContain(`"input":${odd}`);
  });

  test("no cache marks, callers and unknown fields", () => {
    const given = tool("f", { cache_control: { type: "ephemeral" }, allowed_callers: ["direct"], shiny: 1 });
    expect<unknown>(decoded({ tools: [given] }).request.tools).toEqual([tool("f")]);
  });

  test.each(["custom", null, undefined])("a tool of type %j", (type) => {
    expect<unknown>(JSON.parse(JSON.stringify(decoded({ tools: [tool("f", { type })] }).request.tools))).toEqual([
      tool("f"),
    ]);
  });

  test.each(["get weather", "mcp.files/read", "läs_fil", "😀", "x".repeat(256)])("a tool named %j", (name) => {
    const { request } = decoded({ tools: [tool(name)], tool_choice: { type: "tool", name } });
    expect(request.tools?.[0]?.name).toBe(name);
    expect(request.tool_choice).toEqual({ type: "tool", name });
  });

  test("lone surrogates in names and schemas as U+FFFD", () => {
    const given = { name: "f\ud800", description: "\udc00", input_schema: { type: "object", "\ud800": ["\udc00"] } };
    const { request } = decoded({ tools: [given], tool_choice: { type: "tool", name: "f\ud800" } });
    expect(request).toMatchObject({
      tools: [{ name: "f\ufffd", description: "\ufffd", input_schema: { type: "object", "\ufffd": ["\ufffd"] } }],
      tool_choice: { type: "tool", name: "f\ufffd" },
    });
  });

  test.each([{}, { type: null }])("the schema %j as that of an object", (schema) => {
    expect(decoded({ tools: [{ name: "f", input_schema: schema }] }).request.tools).toMatchObject([
      { input_schema: { type: "object" } },
    ]);
  });

  test.each([
    { type: "auto" },
    { type: "auto", disable_parallel_tool_use: true },
    { type: "any", disable_parallel_tool_use: false },
    { type: "tool", name: "g", disable_parallel_tool_use: true },
    { type: "none" },
  ])("the choice %j, and all tools beside it", (tool_choice) => {
    const { request } = decoded({ tools, tool_choice });
    expect<unknown>(request.tool_choice).toEqual(tool_choice);
    expect<unknown>(request.tools).toEqual(tools);
  });

  test.each([{ tools: [] }, { tools: null }, {}])("no choice where there are no tools: %j", (fields) => {
    for (const type of ["auto", "none"]) {
      const { request, warnings } = decoded({ ...fields, tool_choice: { type } });
      expect(request).toEqual(decoded({}).request);
      expect(warnings).toEqual([]);
    }
  });

  test("a history of calls beside the tools, also of one that is there no longer", () => {
    const called = {
      messages: [
        ...minimal.messages,
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "x", name: "gone", input: {}, caller: { type: "direct" } }],
        },
        {
          role: "user",
          content: [
            { type: "text", text: "and?" },
            { type: "tool_result", tool_use_id: "x" },
          ],
        },
      ],
    };
    const { request } = decoded({ ...called, tools });
    expect(request.messages[1]?.content).toEqual([{ type: "tool_use", id: "x", name: "gone", input: {} }]);
    expect(request.messages[2]?.content).toEqual([
      { type: "tool_result", tool_use_id: "x", content: [] },
      { type: "text", text: "and?" },
    ]);
  });

  test("ten thousand tools in linear time", () => {
    const many = Array.from({ length: 10_000 }, (_, n) => tool(`f${n}`));
    expect(decoded({ tools: many }).request.tools).toHaveLength(10_000);
  });
});

describe("refuses", () => {
  test.each<[object, string]>([
    [{ tools: {} }, "tools: Input should be a valid list"],
    [{ tools: [null] }, "tools.0: Input should be a valid object"],
    [{ tools: [{ input_schema }] }, "tools.0.name: Field required"],
    [{ tools: [tool("")] }, "tools.0.name: Input should have a length of at least 1"],
    [{ tools: [tool("x".repeat(257))] }, "tools.0.name: Input should have a length of at most 256"],
    [{ tools: [...tools, tool("f")] }, "tools.2.name: tool names must be unique: f"],
    [{ tools: [tool("\ud800"), tool("\udc00")] }, "tools.1.name: tool names must be unique: \ufffd"],
    [{ tools: [{ name: "f" }] }, "tools.0.input_schema: Field required"],
    [{ tools: [{ name: "f", input_schema: null }] }, "tools.0.input_schema: Input should be a valid object"],
    [{ tools: [{ name: "f", input_schema: [] }] }, "tools.0.input_schema: Input should be a valid object"],
    [
      { tools: [{ name: "f", input_schema: { type: "string" } }] },
      "tools.0.input_schema.type: Input should be 'object'",
    ],
    [{ tools: [tool("f", { description: 3 })] }, "tools.0.description: Input should be a valid string"],
    [{ tools: [tool("f", { strict: "yes" })] }, "tools.0.strict: Input should be a valid boolean"],
    [{ tools: [tool("f", { input_examples: ["x"] })] }, "tools.0.input_examples.0: Input should be a valid object"],
    [{ tools: [tool("f", { type: 3 })] }, "tools.0.type: Input should be 'custom'"],
    [{ tools, tool_choice: "auto" }, "tool_choice: Input should be a valid object"],
    [{ tools, tool_choice: {} }, "tool_choice.type: Field required"],
    [{ tools, tool_choice: { type: "required" } }, "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"],
    [{ tools, tool_choice: { type: "tool" } }, "tool_choice.name: Field required"],
    [{ tools, tool_choice: { type: "tool", name: "h" } }, "tool_choice.name: there is no tool with this name: h"],
    [
      { tools, tool_choice: { type: "any", disable_parallel_tool_use: 1 } },
      "tool_choice.disable_parallel_tool_use: Input should be a valid boolean",
    ],
    [{ tool_choice: { type: "any" } }, "tool_choice: `any` may only be used while providing `tools`"],
    [
      { tools: [], tool_choice: { type: "tool", name: "f" } },
      "tool_choice: `tool` may only be used while providing `tools`",
    ],
  ])("%j", (fields, message) => {
    const error = refusalOf(anthropic, { ...minimal, ...fields });
    expect(error.message).toBe(message);
    expect(error.param).toBe(message.slice(0, message.indexOf(":")));
  });

  test.each([
    "web_search_20250305",
    "web_fetch_20250910",
    "code_execution_20250825",
    "tool_search_tool_regex_20251119",
    "mcp_toolset",
    "bash_20250124",
    "text_editor_20250728",
    "memory_20250818",
    "computer_20250124",
  ])("a tool of type %s, saying why", (type) => {
    const { message, param } = refusalOf(anthropic, { ...minimal, tools: [tool("f"), { type, name: "x" }] });
    expect(param).toBe("tools.1.type");
    expect(message).toBe(
      "tools.1.type: Input should be 'custom'; hosted tools, and tools whose schema is the API's own, are not available here",
    );
  });
});
