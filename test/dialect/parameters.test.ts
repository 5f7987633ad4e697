/** Every parameter of the official SDKs has a row in its dialect's table, and behaves as the row says. */

import { describe, expect, test } from "bun:test";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { parameters as anthropicParameters } from "../../src/dialect/anthropic/parameters.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import { parameters as chatParameters } from "../../src/dialect/chat/parameters.ts";
import type { DecodeContext, Dialect } from "../../src/dialect/dialect.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { parameters as responsesParameters } from "../../src/dialect/responses/parameters.ts";
import { ProxyError } from "../../src/error.ts";
import type { Parameters } from "../../src/messages/parameters.ts";
import { storedResponse } from "../store/material.ts";
import { sseOf } from "./serve.ts";
import { answer, text, thinking } from "./answers.ts";
import { createMemory } from "./responses/memory.ts";

/** The keys of each member of a union. */
type KeysOf<T> = T extends unknown ? keyof T : never;

/** A value that asks for something, for each key: a new version of an SDK that has another breaks this file. */
type Samples<T> = Record<KeysOf<T>, unknown>;

const user = { role: "user", content: "Hi" };

const anthropicSamples = {
  model: "other",
  max_tokens: 77,
  messages: [{ role: "user", content: "Other" }],
  system: "Be brief.",
  stream: true,
  stop_sequences: ["END"],
  tools: [{ name: "f", input_schema: { type: "object" } }],
  tool_choice: { type: "none" },
  thinking: { type: "adaptive" },
  output_config: { effort: "low" },
  output_format: { type: "json_schema", schema: {} },
  service_tier: "auto",
  speed: "fast",
  inference_geo: "us",
  cache_control: { type: "ephemeral" },
  metadata: { user_id: "u" },
  context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
  diagnostics: { previous_message_id: null },
  fallbacks: "default",
  fallback_credit_token: "t",
  container: "c",
  mcp_servers: [{}],
  compaction: { type: "summarize" },
  billing_policy: {},
  thread: { type: "create" },
  betas: "context-1m-2025-08-07",
  user_profile_id: "up",
  workspace_id: "w",
} as const satisfies Samples<Anthropic.MessageCreateParams | Anthropic.Beta.MessageCreateParams>;

/** What the SDK sends as headers. */
const headerNames: Record<string, string> = {
  betas: "anthropic-beta",
  user_profile_id: "anthropic-user-profile-id",
  workspace_id: "anthropic-workspace-id",
};

/** No longer in the SDK's types, and still in older clients. */
const anthropicOlder = { temperature: 0.5, top_p: 0.5, top_k: 5 };

const chatTool = { type: "function", function: { name: "f" } };

const chatSamples = {
  model: "other",
  messages: [{ role: "user", content: "Other" }],
  stream: true,
  stream_options: { include_usage: true },
  max_completion_tokens: 77,
  max_tokens: 77,
  stop: "END",
  tools: [chatTool],
  tool_choice: "required",
  parallel_tool_calls: false,
  functions: [{ name: "f" }],
  function_call: { name: "f" },
  response_format: { type: "json_object" },
  reasoning_effort: "low",
  temperature: 0.5,
  top_p: 0.5,
  frequency_penalty: 1,
  presence_penalty: 1,
  logit_bias: { "1": 1 },
  seed: 1,
  verbosity: "low",
  prediction: { type: "content", content: "a" },
  store: true,
  metadata: { a: "b" },
  user: "u",
  safety_identifier: "s",
  prompt_cache_key: "k",
  prompt_cache_options: {},
  prompt_cache_retention: "24h",
  service_tier: "flex",
  n: 2,
  logprobs: true,
  top_logprobs: 1,
  audio: { voice: "x", format: "wav" },
  modalities: ["audio"],
  web_search_options: {},
  moderation: { model: "x" },
} as const satisfies Samples<OpenAI.ChatCompletionCreateParams>;

const format = { type: "json_schema", name: "n", strict: true, schema: { type: "object" } };

const responsesSamples = {
  model: "other",
  input: "Other",
  instructions: "Be brief.",
  previous_response_id: "resp_1",
  store: false,
  stream: true,
  max_output_tokens: 77,
  tools: [{ type: "function", name: "g" }],
  tool_choice: "required",
  parallel_tool_calls: false,
  include: ["reasoning.encrypted_content"],
  temperature: 0.5,
  top_p: 0.5,
  truncation: "auto",
  stream_options: { include_obfuscation: true },
  max_tool_calls: 3,
  metadata: { a: "b" },
  user: "u",
  safety_identifier: "s",
  prompt_cache_key: "k",
  prompt_cache_options: { mode: "explicit" },
  prompt_cache_retention: "24h",
  image: { context_compression: "enabled" },
  context_management: [{ type: "compaction" }],
  access_programs: { cyber: "standard" },
  service_tier: "flex",
  background: true,
  conversation: "conv_1",
  prompt: { id: "p" },
  moderation: { model: "x" },
  top_logprobs: 1,
} as const satisfies Samples<Omit<OpenAI.Responses.ResponseCreateParams, "text" | "reasoning">>;

/** The fields of objects whose fields have rows of their own. */
const responsesNested = {
  text: { format, verbosity: "low" } satisfies Samples<OpenAI.Responses.ResponseTextConfig>,
  reasoning: {
    effort: "low",
    summary: "auto",
    generate_summary: "auto",
    context: "all_turns",
    mode: "pro",
  } satisfies Samples<OpenAI.Reasoning>,
  prompt_cache_options: { prewarm: true } satisfies OpenAI.Responses.ResponseCreateParams.PromptCacheOptions,
};

/** Not in the SDK's types, and yet sent: by Codex, and by clients of other servers. */
const responsesOther = { client_metadata: { a: "b" }, presence_penalty: 1, frequency_penalty: 1 };

/** What some parameters need beside them to mean anything. */
const besideMessages: Record<string, object> = { tool_choice: { tools: anthropicSamples.tools } };
const besideChat: Record<string, object> = {
  tool_choice: { tools: [chatTool] },
  parallel_tool_calls: { tools: [chatTool] },
  function_call: { functions: [{ name: "f" }, { name: "g" }] },
  stream_options: { stream: true },
};

const responsesTool = { type: "function", name: "f" };
const besideResponses: Record<string, object> = {
  tool_choice: { tools: [responsesTool] },
  parallel_tool_calls: { tools: [responsesTool] },
};

const memory = createMemory();
memory.responses.save(storedResponse("resp_1"));

/** An event without what is new in each answer, and without what a response only repeats of its request. */
function shapeOf(data: string): string {
  const response = /"response":/.test(data)
    ? (JSON.parse(data) as { response: { output: unknown } }).response
    : undefined;
  const shown = response === undefined ? data : JSON.stringify(response.output);
  return shown.replaceAll(/"(?:chatcmpl-|(?:resp|msg|rs)_)\w+"|"created":\d+/g, "");
}

interface Case {
  dialect: Dialect;
  parameters: Parameters;
  samples: Record<string, unknown>;
  beside: Record<string, object>;
  least: object;
}

/** `{"a": {"b": 1}}` with its inner fields under the names that rows have: `{"a.b": 1}`. */
const flat = (nested: Record<string, Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(nested).flatMap(([outer, fields]) =>
      Object.entries(fields).map(([inner, value]) => [`${outer}.${inner}`, value]),
    ),
  );

/** A body's field by the name of its row. */
function field(name: string, value: unknown): object {
  const [outer = "", inner] = name.split(".");
  return { [outer]: inner === undefined ? value : { [inner]: value } };
}

describe.each<Case>([
  {
    dialect: anthropic,
    parameters: anthropicParameters,
    samples: { ...anthropicSamples, ...anthropicOlder },
    beside: besideMessages,
    least: { max_tokens: 10, messages: [user] },
  },
  {
    dialect: chat,
    parameters: chatParameters,
    samples: chatSamples,
    beside: besideChat,
    least: { messages: [user] },
  },
  {
    dialect: responses,
    parameters: responsesParameters,
    samples: { ...responsesSamples, ...flat(responsesNested), ...responsesOther },
    beside: besideResponses,
    least: { input: "Hi" },
  },
])("$dialect.name", ({ dialect, parameters, samples, beside, least }) => {
  const decode = (fields: object, headers = {}) => {
    const context: DecodeContext = { headers: new Headers(headers), defaultModel: undefined, memory };
    const before = memory.stored.size;
    const { request, stream, warnings, encoder } = dialect.decode({ model: "m", ...least, ...fields }, context);
    // What an answer looks like, and whether it is kept, may depend on a parameter too.
    const messages = sseOf(encoder, { events: answer([thinking("c2ln", "hm"), text("a")], "end_turn") });
    const shape = messages.map(({ data }) => shapeOf(data));
    const kept = memory.stored.size - before;
    return { asked: JSON.stringify({ request, stream, kept, shape }), warnings };
  };

  test("has a row for each parameter, and for nothing else", () => {
    expect(Object.keys(parameters).sort()).toEqual(Object.keys(samples).sort());
  });

  test.each(Object.entries(parameters))("%s is as its row says", (name, { verdict }) => {
    const context = beside[name] ?? {};
    const header = dialect === anthropic ? headerNames[name] : undefined;
    const plain = decode(context);
    const value = samples[name];
    const given = () =>
      header === undefined ? decode({ ...context, ...field(name, value) }) : decode(context, { [header]: value });

    if (verdict === "refused") {
      const refusal = expect(given);
      refusal.toThrow(ProxyError);
      refusal.toThrow(parameters[name]?.note ?? name);
      return;
    }
    const { asked, warnings } = given();
    const changes = verdict === "honoured" || verdict === "approximated";
    expect(asked === plain.asked).toBe(!changes);
    expect(warnings).toEqual(verdict === "ignored" ? [`${name} ignored`] : []);
  });

  test("what has no row is ignored by name", () => {
    const unknown = { shiny: 1, ["x".repeat(1000)]: true, absent: null };
    const { asked, warnings } = decode(unknown);
    expect(asked).toBe(decode({}).asked);
    expect(warnings).toEqual([`shiny, ${"x".repeat(64)} ignored: not known to this API`]);
  });
});
