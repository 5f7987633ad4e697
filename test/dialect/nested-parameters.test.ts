/**
 * What becomes of the fields within parameters: each sample has every field of its SDK type, so that a new version of an
 * SDK that has another breaks this file, and what is not expected to arrive is known to be left out.
 */

import { expect, test } from "bun:test";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { ProxyError } from "../../src/error.ts";
import { context } from "./refusal.ts";

type KeysOf<T> = T extends unknown ? keyof T : never;
type All<T> = Record<KeysOf<T>, unknown>;

const cache_control = { type: "ephemeral", ttl: "1h" };
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const without = (value: object, ...names: string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

function messages(fields: object) {
  const body = { model: "m", max_tokens: 4000, messages: [{ role: "user", content: "Hi" }], ...fields };
  return anthropic.decode(body, context).request;
}

test("Messages: thinking, output_config, tool_choice and tools", () => {
  const thinking = {
    type: "enabled",
    budget_tokens: 1024,
    display: "omitted",
    block_binding: { prefix_mismatch_behavior: "drop_block" },
  } satisfies All<Anthropic.Beta.BetaThinkingConfigParam>;
  const output_config = {
    effort: "low",
    format: { type: "json_schema", schema: { type: "object" } } satisfies All<Anthropic.Beta.BetaJSONOutputFormat>,
    task_budget: { type: "tokens", total: 9 },
  } satisfies All<Anthropic.Beta.BetaOutputConfig>;
  const tool_choice = {
    type: "tool",
    name: "f",
    disable_parallel_tool_use: true,
  } satisfies All<Anthropic.Beta.BetaToolChoice>;
  const tool = {
    type: "custom",
    name: "f",
    description: "d",
    input_schema: { type: "object" },
    strict: true,
    input_examples: [{}],
    eager_input_streaming: true,
    defer_loading: false,
    allowed_callers: ["direct"],
    cache_control,
  } satisfies All<Anthropic.Beta.BetaTool>;
  expect<unknown>(messages({ thinking, output_config, tool_choice, tools: [tool] })).toMatchObject({
    thinking,
    output_config,
    tool_choice,
    tools: [without(tool, "type", "allowed_callers", "cache_control")],
  });
});

test("Messages: blocks", () => {
  const user = [
    { type: "text", text: "a", citations: [{}], cache_control } satisfies All<Anthropic.Beta.BetaTextBlockParam>,
    {
      type: "image",
      source: { type: "base64", media_type: "image/png", data: png },
      transformations: { oversized_image: "error" },
      cache_control,
    } satisfies All<Anthropic.Beta.BetaImageBlockParam>,
    {
      type: "document",
      source: { type: "content", content: [{ type: "text", text: "a" }] },
      title: "t",
      context: "c",
      citations: { enabled: true },
      cache_control,
    } satisfies All<Anthropic.Beta.BetaRequestDocumentBlock>,
    {
      type: "search_result",
      source: "s",
      title: "t",
      content: [{ type: "text", text: "a" }],
      citations: { enabled: true },
      cache_control,
    } satisfies All<Anthropic.Beta.BetaSearchResultBlockParam>,
  ];
  const call = {
    type: "tool_use",
    id: "t",
    name: "f",
    input: {},
    cache_control,
    caller: { type: "direct" },
    toolset_name: null,
  } satisfies All<Anthropic.Beta.BetaToolUseBlockParam>;
  const assistant = [
    { type: "thinking", thinking: "hm", signature: "c2ln" } satisfies All<Anthropic.Beta.BetaThinkingBlockParam>,
    { type: "redacted_thinking", data: "x" } satisfies All<Anthropic.Beta.BetaRedactedThinkingBlockParam>,
    call,
  ];
  const result = {
    type: "tool_result",
    tool_use_id: "t",
    content: [{ type: "text", text: "a" }],
    is_error: true,
    cache_control,
    toolset_name: null,
  } satisfies All<Anthropic.Beta.BetaToolResultBlockParam>;
  const { messages: got } = messages({
    messages: [
      { role: "user", content: user },
      { role: "assistant", content: assistant },
      { role: "user", content: [result] },
    ],
  });
  expect<unknown>(got.map(({ content }) => content)).toEqual([
    user,
    [...assistant.slice(0, 2), without(call, "caller", "toolset_name")],
    [without(result, "toolset_name")],
  ]);
});

test("Chat Completions: tools, format, messages and parts", () => {
  const fn = {
    name: "f",
    description: "d",
    parameters: { type: "object", properties: {}, additionalProperties: false },
    strict: true,
  } satisfies All<OpenAI.FunctionDefinition>;
  const prompt_cache_breakpoint = { mode: "explicit" };
  const parts = [
    { type: "text", text: "a", prompt_cache_breakpoint } satisfies All<OpenAI.ChatCompletionContentPartText>,
    {
      type: "image_url",
      image_url: { url: "https://a.example/b.png", detail: "low" } satisfies All<
        OpenAI.ChatCompletionContentPartImage["image_url"]
      >,
      prompt_cache_breakpoint,
    } satisfies All<OpenAI.ChatCompletionContentPartImage>,
    {
      type: "file",
      file: { file_data: "data:application/pdf;base64,JVBERi0xLjQK", filename: "b.pdf", file_id: null } satisfies All<
        OpenAI.ChatCompletionContentPart.File["file"]
      >,
      prompt_cache_breakpoint,
    } satisfies All<OpenAI.ChatCompletionContentPart.File>,
  ];
  const { request, warnings } = chat.decode(
    {
      model: "m",
      messages: [
        { role: "user", content: parts, name: "Ann" } satisfies All<OpenAI.ChatCompletionUserMessageParam>,
        {
          role: "assistant",
          content: "b",
          refusal: "c",
          name: "Bot",
          audio: null,
          tool_calls: [{ id: "t", type: "function", function: { name: "f", arguments: "{}" } }],
          function_call: null,
        } satisfies All<OpenAI.ChatCompletionAssistantMessageParam>,
        { role: "tool", tool_call_id: "t", content: "d" } satisfies All<OpenAI.ChatCompletionToolMessageParam>,
      ],
      tools: [{ type: "function", function: fn }],
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "n",
          description: "What it is",
          schema: { type: "object", properties: {}, additionalProperties: false },
          strict: true,
        } satisfies All<OpenAI.ResponseFormatJSONSchema["json_schema"]>,
      },
    },
    context,
  );
  expect<unknown>(request).toMatchObject({
    tools: [{ name: "f", description: "d", input_schema: fn.parameters, strict: true }],
    output_config: {
      format: { schema: { type: "object", description: "What it is", properties: {}, additionalProperties: false } },
    },
    messages: [
      {
        content: [
          { type: "text", text: "a" },
          { type: "image", source: { type: "url", url: "https://a.example/b.png" } },
          { type: "document", source: { type: "base64", data: "JVBERi0xLjQK" }, title: "b.pdf" },
        ],
      },
      { content: [{ text: "b" }, { text: "c" }, { type: "tool_use", id: "t" }] },
      { content: [{ type: "tool_result", tool_use_id: "t" }] },
    ],
  });
  expect(warnings).toEqual(["name ignored in messages.0, messages.1"]);
});

test("Responses: tools, parts and items", () => {
  const prompt_cache_breakpoint = { mode: "explicit" };
  const tool = {
    type: "function",
    name: "f",
    description: "d",
    parameters: { type: "object" },
    strict: false,
    allowed_callers: ["direct"],
    async: false,
    defer_loading: false,
    output_schema: null,
  } satisfies All<OpenAI.Responses.FunctionTool>;
  const content = [
    { type: "input_text", text: "a", prompt_cache_breakpoint } satisfies All<OpenAI.Responses.ResponseInputText>,
    {
      type: "input_image",
      image_url: "https://a.example/b.png",
      detail: "low",
      file_id: null,
      prompt_cache_breakpoint,
    } satisfies All<OpenAI.Responses.ResponseInputImage>,
    {
      type: "input_file",
      file_url: "https://a.example/b.pdf",
      file_data: null,
      file_id: null,
      filename: "b.pdf",
      detail: "low",
      prompt_cache_breakpoint,
    } satisfies All<OpenAI.Responses.ResponseInputFile>,
  ];
  const call = {
    type: "function_call",
    id: "fc_1",
    call_id: "t",
    name: "f",
    arguments: "{}",
    status: "completed",
    async: false,
    caller: null,
    namespace: null,
  } satisfies All<OpenAI.Responses.ResponseFunctionToolCall>;
  const output = {
    type: "function_call_output",
    id: "fco_1",
    call_id: "t",
    output: "d",
    status: "completed",
    name: null,
    namespace: null,
    caller: null,
  } satisfies All<OpenAI.Responses.ResponseInputItem.FunctionCallOutput>;
  const said = { type: "message", role: "user", content, phase: null } satisfies All<OpenAI.Responses.EasyInputMessage>;
  const { request, warnings } = responses.decode({ model: "m", tools: [tool], input: [said, call, output] }, context);
  expect<unknown>(request).toMatchObject({
    tools: [{ name: "f", description: "d", input_schema: tool.parameters, strict: false }],
    messages: [
      {
        content: [
          { type: "text", text: "a" },
          { type: "image", source: { type: "url", url: "https://a.example/b.png" } },
          { type: "document", source: { type: "url", url: "https://a.example/b.pdf" }, title: "b.pdf" },
        ],
      },
      { content: [{ type: "tool_use", id: "t", name: "f" }] },
      { content: [{ type: "tool_result", tool_use_id: "t" }] },
    ],
  });
  expect(warnings).toEqual([]);
});

/** What becomes of an item of each type that the SDK knows. */
const items = {
  message: "read",
  function_call: "read",
  function_call_output: "read",
  custom_tool_call: "read",
  custom_tool_call_output: "read",
  reasoning: "read",
  item_reference: "read",
  compaction: "read",
  file_search_call: "left out",
  computer_call: "left out",
  computer_call_output: "left out",
  web_search_call: "left out",
  tool_search_call: "left out",
  tool_search_output: "left out",
  image_generation_call: "left out",
  code_interpreter_call: "left out",
  local_shell_call: "left out",
  local_shell_call_output: "left out",
  shell_call: "left out",
  shell_call_output: "left out",
  apply_patch_call: "left out",
  apply_patch_call_output: "left out",
  mcp_list_tools: "left out",
  mcp_approval_request: "left out",
  mcp_approval_response: "left out",
  mcp_call: "left out",
  program: "left out",
  program_output: "left out",
  additional_tools: "refused",
  configuration_update: "refused",
  compaction_trigger: "refused",
} as const satisfies Record<NonNullable<OpenAI.Responses.ResponseInputItem["type"]>, string>;

test.each(Object.entries(items))("Responses: an item of type %s is %s", (type, fate) => {
  const decode = () => {
    try {
      return responses.decode({ model: "m", input: [{ role: "user", content: "Hi" }, { type }] }, context).warnings;
    } catch (error) {
      if (error instanceof ProxyError) return error.param;
      throw error;
    }
  };
  const leftOut = ["input.1: ignored, as it belongs to a hosted tool"];
  if (fate === "left out") expect(decode()).toEqual(leftOut);
  else if (fate === "refused") expect(decode()).toBe("input.1.type");
  else for (const other of [leftOut, "input.1.type"]) expect(decode()).not.toEqual(other);
});
