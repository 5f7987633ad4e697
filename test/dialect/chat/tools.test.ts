import { describe, expect, test } from "bun:test";
import { chat } from "../../../src/dialect/chat/index.ts";
import { context, refusalOf } from "../refusal.ts";

const minimal = { model: "opus", messages: [{ role: "user", content: "Hi" }] };
const decoded = (fields: object) => chat.decode({ ...minimal, ...fields }, context);

const parameters = { type: "object", properties: { a: { type: "string" } }, additionalProperties: false };
const f = { name: "f", description: "Does f.", parameters, strict: true };
const g = { name: "g", parameters };
const tool = (definition: object) => ({ type: "function", function: definition });
const named = (name: string) => ({ type: "function", function: { name } });
const tools = [tool(f), tool(g)];
const functions = [f, g];
const canonical = [
  { name: "f", description: "Does f.", input_schema: parameters, strict: true },
  { name: "g", input_schema: parameters },
];
const allowed = (mode: string, ...names: string[]) => ({
  type: "allowed_tools",
  allowed_tools: { mode, tools: names.map(named) },
});

describe("decodes", () => {
  test("functions", () => {
    const { request, warnings } = decoded({ tools });
    expect(request.tools).toEqual(canonical);
    expect(request.tool_choice).toBeUndefined();
    expect(warnings).toEqual([]);
  });

  test.each<[unknown, Record<string, unknown>]>([
    [undefined, { type: "object", properties: {} }],
    [null, { type: "object", properties: {} }],
    [{}, { type: "object" }],
    [{ properties: {} }, { type: "object", properties: {} }],
    [{ type: null }, { type: "object" }],
  ])("the parameters %j", (parameters, input_schema) => {
    expect(decoded({ tools: [tool({ name: "f", parameters })] }).request.tools).toEqual([{ name: "f", input_schema }]);
  });

  test("null as absent, and a function without the word for it", () => {
    const { request } = decoded({ tools: [{ function: { name: "f", description: null, strict: null, parameters } }] });
    expect(request.tools).toEqual([{ name: "f", input_schema: parameters }]);
  });

  test.each<[unknown, object]>([
    ["none", { type: "none" }],
    ["auto", { type: "auto" }],
    ["required", { type: "any" }],
    [named("g"), { type: "tool", name: "g" }],
  ])("the choice %j, and all tools beside it", (tool_choice, expected) => {
    const { request } = decoded({ tools, tool_choice, parallel_tool_calls: true });
    expect<unknown>(request.tool_choice).toEqual(expected);
    expect(request.tools).toEqual(canonical);
  });

  test("allowed tools by leaving the others out", () => {
    const { request } = decoded({ tools, tool_choice: allowed("auto", "g") });
    expect(request.tools).toEqual(canonical.slice(1));
    expect(request.tool_choice).toEqual({ type: "auto" });
    const both = decoded({ tools, tool_choice: allowed("required", "g", "f"), parallel_tool_calls: false }).request;
    expect(both.tools).toEqual(canonical);
    expect(both.tool_choice).toEqual({ type: "any", disable_parallel_tool_use: true });
  });

  test.each<[unknown, object]>([
    [undefined, { type: "auto", disable_parallel_tool_use: true }],
    ["auto", { type: "auto", disable_parallel_tool_use: true }],
    ["required", { type: "any", disable_parallel_tool_use: true }],
    [named("f"), { type: "tool", name: "f", disable_parallel_tool_use: true }],
    ["none", { type: "none" }],
  ])("one call at a time with the choice %j", (tool_choice, expected) => {
    expect<unknown>(decoded({ tools, tool_choice, parallel_tool_calls: false }).request.tool_choice).toEqual(expected);
  });

  test.each([
    {},
    { tool_choice: "none", parallel_tool_calls: false },
    { tools: [], tool_choice: "auto", functions: [] },
    { tools: null, tool_choice: null, functions: null, function_call: "none", parallel_tool_calls: null },
  ])("nothing where there are no tools: %j", (fields) => {
    const { request, warnings } = decoded(fields);
    expect(request).toEqual(decoded({}).request);
    expect(warnings).toEqual([]);
  });

  test.each<[unknown, object]>([
    [undefined, { type: "auto", disable_parallel_tool_use: true }],
    ["auto", { type: "auto", disable_parallel_tool_use: true }],
    ["none", { type: "none" }],
    [{ name: "g" }, { type: "tool", name: "g", disable_parallel_tool_use: true }],
  ])("legacy functions with the choice %j", (function_call, expected) => {
    const { request } = decoded({ functions, function_call });
    expect(request.tools).toEqual(canonical);
    expect<unknown>(request.tool_choice).toEqual(expected);
  });

  test("the choice auto where it is spelled for the other list", () => {
    expect(decoded({ functions, tool_choice: "auto" }).request.tools).toEqual(canonical);
    expect(decoded({ tools, function_call: "auto" }).request.tool_choice).toBeUndefined();
  });

  test("a history of calls beside the tools", () => {
    const call = (id: string) => ({ id, type: "function", function: { name: "f", arguments: "" } });
    const { messages } = decoded({
      tools,
      messages: [
        ...minimal.messages,
        { role: "assistant", content: null, tool_calls: [call("a"), call("b")] },
        { role: "tool", tool_call_id: "a", content: "1" },
        {
          role: "tool",
          tool_call_id: "b",
          content: [{ type: "image_url", image_url: { url: "data:image/gif;base64,R0lGODlhAQABAAAAACw=" } }],
        },
        { role: "user", content: "and?" },
      ],
    }).request;
    const source = { type: "base64", media_type: "image/gif", data: "R0lGODlhAQABAAAAACw=" };
    expect(messages).toMatchObject([
      { role: "user" },
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "a", name: "f", input: {} },
          { type: "tool_use", id: "b", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "1" }] },
          { type: "tool_result", tool_use_id: "b", content: [{ type: "image", source }] },
          { type: "text", text: "and?" },
        ],
      },
    ]);
    expect(messages).toHaveLength(3);
  });
});

describe("refuses", () => {
  const stray = (list: string) => `it may only be used while providing \`${list}\``;
  const choices = "'none', 'auto' or 'required'";
  const reference = "tool_choice.allowed_tools.tools.1.function.name";

  test.each<[object, string, string]>([
    [{ tools: "f" }, "tools", "Input should be a valid list"],
    [{ tools: [null] }, "tools.0", "Input should be a valid object"],
    [{ tools: [{ type: "function" }] }, "tools.0.function", "Field required"],
    [{ tools: [tool(f), { type: "web_search" }] }, "tools.1.type", "Input should be 'function'"],
    [
      { tools: [{ type: "custom", custom: { name: "f" } }] },
      "tools.0.type",
      "custom tools are not supported; declare a function",
    ],
    [{ tools: [tool({ parameters })] }, "tools.0.function.name", "Field required"],
    [{ tools: [tool({ name: "" })] }, "tools.0.function.name", "Input should have a length of at least 1"],
    [{ tools: [...tools, tool(f)] }, "tools.2.function.name", "tool names must be unique: f"],
    [
      { tools: [tool({ name: "f", parameters: "{}" })] },
      "tools.0.function.parameters",
      "Input should be a valid object",
    ],
    [
      { tools: [tool({ name: "f", parameters: { type: ["object"] } })] },
      "tools.0.function.parameters.type",
      "Input should be 'object'",
    ],
    [{ tools, tool_choice: "any" }, "tool_choice", `Input should be ${choices}`],
    [{ tools, tool_choice: 3 }, "tool_choice", `Input should be ${choices}`],
    [{ tools, tool_choice: {} }, "tool_choice.type", "Field required"],
    [
      { tools, tool_choice: { type: "custom", custom: { name: "f" } } },
      "tool_choice.type",
      "Input should be 'function' or 'allowed_tools'",
    ],
    [{ tools, tool_choice: { type: "function", name: "f" } }, "tool_choice.function", "Field required"],
    [{ tools, tool_choice: named("h") }, "tool_choice.function.name", "there is no tool with this name: h"],
    [{ tools, tool_choice: allowed("auto", "f", "h") }, reference, "there is no tool with this name: h"],
    [
      { tools, tool_choice: allowed("auto") },
      "tool_choice.allowed_tools.tools",
      "Input should have a length of at least 1",
    ],
    [
      { tools, tool_choice: allowed("none", "f") },
      "tool_choice.allowed_tools.mode",
      "Input should be 'auto' or 'required'",
    ],
    [{ tools, parallel_tool_calls: "no" }, "parallel_tool_calls", "Input should be a valid boolean"],
    [{ tool_choice: "required" }, "tool_choice", stray("tools")],
    [{ tools: [], tool_choice: named("f") }, "tool_choice", stray("tools")],
    [{ tool_choice: allowed("auto", "f") }, "tool_choice", stray("tools")],
    [{ functions, tool_choice: "none" }, "tool_choice", stray("tools")],
    [{ function_call: { name: "f" } }, "function_call", stray("functions")],
    [{ tools, function_call: "none" }, "function_call", stray("functions")],
    [{ tools, functions }, "functions", "it can't be combined with `tools`"],
    [{ functions: [{}] }, "functions.0.name", "Field required"],
    [{ functions: [f, f] }, "functions.1.name", "tool names must be unique: f"],
    [{ functions, function_call: { name: "h" } }, "function_call.name", "there is no tool with this name: h"],
    [{ functions, function_call: {} }, "function_call.name", "Field required"],
    [{ functions, function_call: "required" }, "function_call", "Input should be 'none' or 'auto'"],
  ])("%j", (fields, param, reason) => {
    expect(refusalOf(chat, { ...minimal, ...fields })).toMatchObject({ param, message: `${param}: ${reason}` });
  });
});
