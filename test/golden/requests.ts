import type { Dialect } from "../../src/dialect/dialect.ts";

export type DialectName = Dialect["name"];

/** What a scenario's request asks for, in no dialect's words. */
export interface Asked {
  /** Of Claude Code with its own tools. */
  agent?: true;
  /** The names of the client's tools. */
  tools?: readonly string[];
  /** In Chat as the deprecated `functions`. */
  functions?: true;
  /** At most one call of a tool. */
  oneCall?: true;
  thinking?: true;
  /** Texts at which the answer is cut; the Responses API has no field for them. */
  stop?: readonly string[];
  /** A schema that the answer's text must fit. */
  schema?: Record<string, unknown>;
}

const parameters = { type: "object", properties: { city: { type: "string" } } };

/** The body of a request, as a client of that dialect spells it. */
export function requestOf(dialect: DialectName, asked: Asked, stream: boolean): Record<string, unknown> {
  const model = asked.agent ? "agent/sonnet" : "sonnet";
  return { model, stream, ...spelling[dialect](asked, stream) };
}

const spelling: Record<DialectName, (asked: Asked, stream: boolean) => Record<string, unknown>> = {
  anthropic: ({ tools, oneCall, thinking, stop, schema }) => ({
    max_tokens: 4000,
    messages: [{ role: "user", content: "Go" }],
    ...(tools && { tools: tools.map((name) => ({ name, input_schema: parameters })) }),
    ...(oneCall && { tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
    ...(thinking && { thinking: { type: "adaptive" } }),
    ...(stop && { stop_sequences: stop }),
    ...(schema && { output_config: { format: { type: "json_schema", schema } } }),
  }),
  chat: ({ tools, functions, oneCall, thinking, stop, schema }, stream) => ({
    messages: [{ role: "user", content: "Go" }],
    ...(stream && { stream_options: { include_usage: true } }),
    ...(tools && !functions && { tools: tools.map((name) => ({ type: "function", function: { name, parameters } })) }),
    ...(tools && functions && { functions: tools.map((name) => ({ name, parameters })) }),
    ...(oneCall && { parallel_tool_calls: false }),
    ...(thinking && { reasoning_effort: "medium" }),
    ...(stop && { stop }),
    ...(schema && { response_format: { type: "json_schema", json_schema: { name: "answer", strict: true, schema } } }),
  }),
  responses: ({ tools, oneCall, thinking, schema }) => ({
    input: "Go",
    include: ["reasoning.encrypted_content"],
    ...(tools && { tools: tools.map((name) => ({ type: "function", name, parameters })) }),
    ...(oneCall && { parallel_tool_calls: false }),
    ...(thinking && { reasoning: { effort: "medium", summary: "auto" } }),
    ...(schema && { text: { format: { type: "json_schema", name: "answer", strict: true, schema } } }),
  }),
};
