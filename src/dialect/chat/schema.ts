import { z } from "zod";
import { optional } from "../validate.ts";

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

const userPart = z.discriminatedUnion("type", [textPart, imagePart, filePart, audioPart]);

const textContent = z.union([z.string(), z.array(textPart)]);

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
  z.object({ role: z.literal("user"), content: z.union([z.string(), z.array(userPart)]), name }),
  z.object({
    role: z.literal("assistant"),
    content: optional(z.union([z.string(), z.array(z.discriminatedUnion("type", [textPart, refusalPart]))])),
    refusal: optional(z.string()),
    tool_calls: optional(z.array(toolCall)),
    function_call: optional(calledFunction),
    name,
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string().min(1), content: textContent }),
  z.object({ role: z.literal("function"), name: z.string(), content: optional(z.string()) }),
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
  response_format: optional(z.object({ type: z.enum(["text", "json_object", "json_schema"]) })),
  tools: optional(z.array(z.unknown())),
  functions: optional(z.array(z.unknown())),
  tool_choice: optional(z.unknown()),
  function_call: optional(z.unknown()),
});

export type WireRequest = z.output<typeof requestSchema>;
export type WireMessage = z.output<typeof message>;
export type UserPart = z.output<typeof userPart>;
