import { z } from "zod";
import { inputSchema, jsonObject, optional, toolName } from "../validate.ts";
import { items } from "./item-schema.ts";

/** The request of `POST /v1/responses` (api-dialects 3.1). Fields it does not know are accepted and go no further. */

const functionTool = z.object({
  type: z.literal("function"),
  name: toolName,
  description: optional(z.string()),
  parameters: optional(inputSchema),
  strict: optional(z.boolean()),
});

/** Every tool but a function: clients such as Codex always send some, and can do without. */
const hostedTool = z.object({ type: z.literal("hosted"), hosted: z.string() });

const tool = z.preprocess(sortTool, z.discriminatedUnion("type", [functionTool, hostedTool]));

function sortTool(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const type: unknown = Reflect.get(value, "type") ?? "function";
  if (type === "function") return { ...value, type };
  return typeof type === "string" ? { type: "hosted", hosted: type } : value;
}

// The words come last: their error is never one of type, so it would hide what is wrong with an object.
const toolChoice = z.union([
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("function"), name: toolName }),
    z.object({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(z.object({ type: z.string(), name: optional(toolName) })).min(1),
    }),
  ]),
  z.enum(["none", "auto", "required"]),
]);

const format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: optional(z.string()),
    schema: jsonObject,
    strict: optional(z.boolean()),
    description: optional(z.string()),
  }),
]);

const summary = optional(z.enum(["auto", "concise", "detailed"]));

const reasoning = z.object({
  effort: optional(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
  summary,
  /** What `summary` was called before. */
  generate_summary: summary,
  context: optional(z.unknown()),
  mode: optional(z.unknown()),
});

const penalty = optional(z.number().min(-2).max(2));

export const requestSchema = z.object({
  model: optional(z.string().min(1)),
  input: optional(items),
  instructions: optional(z.string()),
  previous_response_id: optional(z.string()),
  store: optional(z.boolean()),
  stream: optional(z.boolean()),
  max_output_tokens: optional(z.int().min(1)),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),

  tools: optional(z.array(tool)),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: optional(z.boolean()),
  max_tool_calls: optional(z.int().min(1)),

  text: optional(z.object({ format: optional(format), verbosity: optional(z.enum(["low", "medium", "high"])) })),
  reasoning: optional(reasoning),
  include: optional(z.array(z.string())),

  metadata: optional(
    z
      .record(z.string(), z.string())
      .refine((pairs) => Object.keys(pairs).length <= 16, "Input should have at most 16 pairs"),
  ),
  user: optional(z.string()),
  safety_identifier: optional(z.string()),
  prompt_cache_key: optional(z.string()),

  truncation: optional(z.enum(["auto", "disabled"])),
  presence_penalty: penalty,
  frequency_penalty: penalty,
  top_logprobs: optional(z.int().min(0).max(20)),
  background: optional(z.boolean()),
  conversation: optional(z.unknown()),
  prompt: optional(z.unknown()),
  moderation: optional(z.unknown()),

  // Nothing comes of these.
  image: optional(z.unknown()),
  stream_options: optional(z.unknown()),
  client_metadata: optional(z.unknown()),
  prompt_cache_options: optional(z.object({ prewarm: optional(z.boolean()) })),
  prompt_cache_retention: optional(z.unknown()),
  context_management: optional(z.unknown()),
  access_programs: optional(z.unknown()),
  service_tier: optional(z.unknown()),
});

export type WireRequest = z.output<typeof requestSchema>;

/** The request of `POST /v1/responses/compact`. */
export const compactSchema = requestSchema.pick({ model: true, input: true, previous_response_id: true });

export type WireCompact = z.output<typeof compactSchema>;
