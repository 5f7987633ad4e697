import { z } from "zod";
import type { TextBlock, Tool } from "../../messages/types.ts";
import { inputSchema, jsonObject, optional, toolName } from "../validate.ts";

/**
 * The request of `POST /v1/messages` (api-dialects 1.1). What it lets through has the canonical shape already; fields
 * it does not know are accepted and go no further.
 */

const cache_control = optional(z.object({ type: z.literal("ephemeral"), ttl: optional(z.string()) }));

const textBlocks = (text: string): TextBlock[] => [{ type: "text", text }];

const text = z.object({
  type: z.literal("text"),
  text: z.string(),
  citations: optional(z.array(z.unknown())),
  cache_control,
});

const url = z.object({ type: z.literal("url"), url: z.string() });

const image = z.object({
  type: z.literal("image"),
  source: z.discriminatedUnion("type", [
    z.object({
      type: z.literal("base64"),
      media_type: z.enum(["image/jpeg", "image/png", "image/gif", "image/webp"]),
      data: z.string(),
    }),
    url,
  ]),
  transformations: optional(jsonObject),
  cache_control,
});

const document = z.object({
  type: z.literal("document"),
  source: z.discriminatedUnion("type", [
    z.object({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
    z.object({ type: z.literal("text"), media_type: z.string(), data: z.string() }),
    z.object({
      type: z.literal("content"),
      content: z.union([z.string(), z.array(z.discriminatedUnion("type", [text, image]))]),
    }),
    url,
  ]),
  title: optional(z.string()),
  context: optional(z.string()),
  citations: z.unknown().optional(),
  cache_control,
});

const searchResult = z.object({
  type: z.literal("search_result"),
  source: z.string(),
  title: z.string(),
  content: z.array(text),
  citations: z.unknown().optional(),
  cache_control,
});

const toolUse = z.object({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: jsonObject,
  cache_control,
});

const toolResult = z.object({
  type: z.literal("tool_result"),
  tool_use_id: z.string().min(1),
  content: z
    .union([
      z.string().transform(textBlocks),
      z.array(z.discriminatedUnion("type", [text, image, document, searchResult])),
    ])
    .nullish()
    .transform((content) => content ?? []),
  is_error: optional(z.boolean()),
  cache_control,
});

// Other providers' thinking has no signature, and clients that switch between them replay it.
const thinking = z.object({
  type: z.literal("thinking"),
  thinking: z.string(),
  signature: z
    .string()
    .nullish()
    .transform((signature) => signature ?? ""),
});

const redactedThinking = z.object({ type: z.literal("redacted_thinking"), data: z.string() });

const block = z.discriminatedUnion("type", [
  text,
  image,
  document,
  searchResult,
  toolUse,
  toolResult,
  thinking,
  redactedThinking,
]);

// `system` is a beta of the API; who sends another role is told of the two that always work.
const role = z.enum(["user", "assistant", "system"], {
  error: (issue) => (issue.input === undefined ? undefined : "Input should be 'user' or 'assistant'"),
});

const message = z.object({
  role,
  content: z.union([z.string().transform(textBlocks), z.array(block)]),
});

const customType = z.literal("custom", {
  error: ({ input }) =>
    typeof input === "string"
      ? "Input should be 'custom'; hosted tools, and tools whose schema is the API's own, are not available here"
      : undefined,
});

// Of `cache_control` nothing is kept: the engine sets the cache's marks around the tools itself.
const tool = z
  .object({
    type: optional(customType),
    name: toolName,
    description: optional(z.string()),
    input_schema: inputSchema,
    strict: optional(z.boolean()),
    input_examples: optional(z.array(jsonObject)),
    eager_input_streaming: optional(z.boolean()),
    defer_loading: optional(z.boolean()),
  })
  .transform(({ type: _type, ...tool }): Tool => tool);

const disable_parallel_tool_use = optional(z.boolean());

const toolChoice = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["auto", "any"]), disable_parallel_tool_use }),
  z.object({ type: z.literal("tool"), name: toolName, disable_parallel_tool_use }),
  z.object({ type: z.literal("none") }),
]);

const display = optional(z.string());

const block_binding = optional(jsonObject);

const format = z.object({ type: z.literal("json_schema"), schema: jsonObject });

const outputConfig = z.object({
  effort: optional(z.enum(["low", "medium", "high", "xhigh", "max"])),
  format: optional(format),
  task_budget: optional(jsonObject),
});

export const requestSchema = z.object({
  model: optional(z.string().min(1)),
  max_tokens: z.int().min(0),
  messages: z.array(message).min(1).max(100_000),
  system: z
    .union([z.string().transform(textBlocks), z.array(text)])
    .nullish()
    .transform((system) => system ?? []),
  stream: optional(z.boolean()),
  stop_sequences: optional(z.array(z.string())),
  temperature: optional(z.number().min(0).max(1)),
  top_p: optional(z.number().min(0).max(1)),
  top_k: optional(z.int().min(0)),
  thinking: optional(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("enabled"), budget_tokens: z.int().min(1024), display, block_binding }),
      z.object({ type: z.literal("adaptive"), display, block_binding }),
      z.object({ type: z.literal("disabled") }),
      z.object({ type: z.literal("between_tools"), display }),
    ]),
  ),
  output_config: optional(outputConfig),
  /** What `output_config.format` was called while it was a beta. */
  output_format: optional(format),
  service_tier: optional(z.string()),
  speed: optional(z.string()),
  inference_geo: optional(z.string()),
  tools: optional(z.array(tool)),
  tool_choice: optional(toolChoice),

  // Nothing comes of these.
  cache_control: z.unknown().optional(),
  metadata: z.unknown().optional(),

  // Only whether they are there is looked at.
  container: z.unknown().optional(),
  mcp_servers: z.unknown().optional(),
  compaction: z.unknown().optional(),
  billing_policy: z.unknown().optional(),
  thread: z.unknown().optional(),
  context_management: z.unknown().optional(),
  diagnostics: z.unknown().optional(),
  fallbacks: z.unknown().optional(),
  fallback_credit_token: z.unknown().optional(),
});

export type WireRequest = z.output<typeof requestSchema>;
export type WireMessage = z.output<typeof message>;
