import { z } from "zod";
import type { Tool } from "../../messages/types.ts";
import { inputSchema, jsonObject, optional, toolName } from "../validate.ts";

/**
 * The request of `POST /v1/chat/completions` (api-dialects 2.1). Fields it does not know are accepted and go no
 * further.
 */

const textPart = z.object({ type: z.literal("text"), text: z.string() });

const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });

const imagePart = z.object({ type: z.literal("image_url"), image_url: z.object({ url: z.string() }) });

const filePart = z.object({
  type: z.literal("file"),
  file: z.object({
    file_data: optional(z.string()),
    file_id: optional(z.string()),
    filename: optional(z.string()),
  }),
});

const audioPart = z.object({ type: z.literal("input_audio") });

const inputPart = z.discriminatedUnion("type", [textPart, imagePart, filePart, audioPart]);

const textContent = z.union([z.string(), z.array(textPart)]);

const inputContent = z.union([z.string(), z.array(inputPart)]);

const calledFunction = z.object({ name: z.string().min(1), arguments: z.string() });

const toolCall = z.object({
  id: z.string().min(1),
  type: z.literal("function").optional(),
  function: calledFunction,
});

const name = optional(z.string());

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: textContent, name }),
  z.object({ role: z.literal("developer"), content: textContent, name }),
  z.object({ role: z.literal("user"), content: inputContent, name }),
  z.object({
    role: z.literal("assistant"),
    content: optional(z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))])),
    refusal: optional(z.string()),
    tool_calls: optional(z.array(toolCall)),
    function_call: optional(calledFunction),
    audio: optional(z.unknown()),
    name,
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string().min(1), content: optional(inputContent) }),
  z.object({ role: z.literal("function"), name: z.string(), content: optional(z.string()) }),
]);

const definedFunction = z
  .object({
    name: toolName,
    description: optional(z.string()),
    parameters: optional(inputSchema),
    strict: optional(z.boolean()),
  })
  .transform(({ name, description, parameters, strict }): Tool => ({
    name,
    description,
    input_schema: parameters ?? { type: "object", properties: {} },
    strict,
  }));

const functionType = z.literal("function", {
  error: ({ input }) => (input === "custom" ? "custom tools are not supported; declare a function" : undefined),
});

const namedFunction = z.object({ name: toolName });

const toolReference = z.object({ type: functionType, function: namedFunction });

// The words come last: their error is never one of type, so it would hide what is wrong with an object.
const toolChoice = z.union([
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("function"), function: namedFunction }),
    z.object({
      type: z.literal("allowed_tools"),
      allowed_tools: z.object({ mode: z.enum(["auto", "required"]), tools: z.array(toolReference).min(1) }),
    }),
  ]),
  z.enum(["none", "auto", "required"]),
]);

const responseFormat = z.discriminatedUnion("type", [
  z.object({ type: z.enum(["text", "json_object"]) }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      schema: optional(jsonObject),
      description: optional(z.string()),
      strict: optional(z.boolean()),
    }),
  }),
]);

const penalty = optional(z.number().min(-2).max(2));

const tokens = optional(z.int().min(1));

export const requestSchema = z.object({
  model: optional(z.string().min(1)),
  messages: z.array(message).min(1),
  stream: optional(z.boolean()),
  stream_options: optional(z.object({ include_usage: optional(z.boolean()) })),
  max_completion_tokens: tokens,
  max_tokens: tokens,
  stop: optional(z.union([z.string(), z.array(z.string()).max(4)])),
  reasoning_effort: optional(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().min(0).max(1)),

  frequency_penalty: penalty,
  presence_penalty: penalty,
  logit_bias: optional(z.record(z.string(), z.number().min(-100).max(100))),
  seed: optional(z.number()),
  verbosity: optional(z.enum(["low", "medium", "high"])),
  prediction: optional(z.unknown()),
  store: optional(z.boolean()),

  n: optional(z.int().min(1).max(128)),
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.int().min(0).max(20)),
  audio: optional(z.unknown()),
  modalities: optional(z.array(z.enum(["text", "audio"]))),
  web_search_options: optional(z.unknown()),
  moderation: optional(z.unknown()),
  response_format: optional(responseFormat),

  // Nothing comes of these.
  metadata: optional(z.unknown()),
  user: optional(z.unknown()),
  safety_identifier: optional(z.unknown()),
  prompt_cache_key: optional(z.unknown()),
  prompt_cache_options: optional(z.unknown()),
  prompt_cache_retention: optional(z.unknown()),
  service_tier: optional(z.unknown()),

  tools: optional(z.array(z.object({ type: optional(functionType), function: definedFunction }))),
  tool_choice: optional(toolChoice),
  parallel_tool_calls: optional(z.boolean()),
  /** What `tools` and `tool_choice` were before there were tools. */
  functions: optional(z.array(definedFunction)),
  function_call: optional(z.union([namedFunction, z.enum(["none", "auto"])])),
});

export type WireRequest = z.output<typeof requestSchema>;
export type WireMessage = z.output<typeof message>;
export type InputPart = z.output<typeof inputPart>;
export type InputContent = z.output<typeof inputContent>;
