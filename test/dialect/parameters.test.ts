/** Every parameter of the official SDKs has a row in its dialect's table, and behaves as the row says. */

import { describe, expect, test } from "bun:test";
import type Anthropic from "@anthropic-ai/sdk";
import type OpenAI from "openai";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { parameters as anthropicParameters } from "../../src/dialect/anthropic/parameters.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import { parameters as chatParameters } from "../../src/dialect/chat/parameters.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { ProxyError } from "../../src/error.ts";
import type { Parameters } from "../../src/messages/parameters.ts";

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

/** What some parameters need beside them to mean anything. */
const besideMessages: Record<string, object> = { tool_choice: { tools: anthropicSamples.tools } };
const besideChat: Record<string, object> = {
  tool_choice: { tools: [chatTool] },
  parallel_tool_calls: { tools: [chatTool] },
  function_call: { functions: [{ name: "f" }, { name: "g" }] },
  stream_options: { stream: true },
};

interface Case {
  dialect: Dialect;
  parameters: Parameters;
  samples: Record<string, unknown>;
  beside: Record<string, object>;
  least: object;
}

describe.each<Case>([
  {
    dialect: anthropic,
    parameters: anthropicParameters,
    samples: { ...anthropicSamples, ...anthropicOlder },
    beside: besideMessages,
    least: { max_tokens: 10 },
  },
  { dialect: chat, parameters: chatParameters, samples: chatSamples, beside: besideChat, least: {} },
])("$dialect.name", ({ dialect, parameters, samples, beside, least }) => {
  const decode = (fields: object, headers = {}) => {
    const body = { model: "m", messages: [user], ...least, ...fields };
    const { request, stream, warnings, encoder } = dialect.decode(body, {
      headers: new Headers(headers),
      defaultModel: undefined,
    });
    // What an answer looks like may depend on a parameter too.
    const events = encoder.event({ type: "ping" }).concat(encoder.event({ type: "message_stop" }));
    const shape = events.map(({ data }) => data.replace(/"chatcmpl-\w+"|"created":\d+/g, ""));
    return { asked: JSON.stringify({ request, stream, shape }), warnings };
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
      header === undefined ? decode({ ...context, [name]: value }) : decode(context, { [header]: value });

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
});
