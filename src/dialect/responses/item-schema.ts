import { z } from "zod";
import { optional } from "../validate.ts";

/** Input items as clients send them (api-dialects 3.1). */

const id = optional(z.string());

const status = optional(z.enum(["in_progress", "completed", "incomplete"]));

const text = <T extends string>(type: T) => z.object({ type: z.literal(type), text: z.string() });

const part = z.discriminatedUnion("type", [
  text("input_text"),
  text("output_text"),
  text("text"),
  z.object({ type: z.literal("refusal"), refusal: z.string() }),
  z.object({
    type: z.literal("input_image"),
    image_url: optional(z.string()),
    file_id: optional(z.string()),
    detail: optional(z.enum(["low", "high", "auto", "original"])),
  }),
  z.object({
    type: z.literal("input_file"),
    file_data: optional(z.string()),
    file_url: optional(z.string()),
    file_id: optional(z.string()),
    filename: optional(z.string()),
  }),
  z.object({ type: z.literal("input_audio") }),
]);

const content = z.union([z.string(), z.array(part)]);

const call_id = z.string().min(1);

const name = z.string().min(1);

/** What other servers' own tools leave in a conversation, which means nothing here. */
const hostedTypes = [
  "web_search_call",
  "file_search_call",
  "code_interpreter_call",
  "image_generation_call",
  "computer_call",
  "computer_call_output",
  "local_shell_call",
  "local_shell_call_output",
  "shell_call",
  "shell_call_output",
  "apply_patch_call",
  "apply_patch_call_output",
  "tool_search_call",
  "tool_search_output",
  "mcp_list_tools",
  "mcp_approval_request",
  "mcp_approval_response",
  "mcp_call",
  "program",
  "program_output",
] as const;

const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    id,
    role: z.enum(["user", "assistant", "system", "developer"]),
    status,
    content,
  }),
  z.object({ type: z.literal("function_call"), id, call_id, name, arguments: z.string(), status }),
  z.object({ type: z.literal("function_call_output"), id, call_id, output: content }),
  z.object({ type: z.literal("custom_tool_call"), id, call_id, name, input: z.string() }),
  z.object({ type: z.literal("custom_tool_call_output"), id, call_id, output: content }),
  z.object({
    type: z.literal("reasoning"),
    id,
    summary: optional(z.array(z.object({ type: z.literal("summary_text"), text: z.string() }))),
    encrypted_content: optional(z.string()),
  }),
  z.object({ type: z.literal("item_reference"), id: z.string() }),
  z.object({ type: z.literal("compaction"), id, encrypted_content: z.string() }),
  z.object({ type: z.enum(hostedTypes) }),
]);

/** A bare role with its content is a message, and a bare id a reference. */
const typedItem = z.preprocess((value) => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  if (Reflect.get(value, "type") ?? undefined) return value;
  if ("role" in value) return { ...value, type: "message" };
  return "id" in value ? { ...value, type: "item_reference" } : value;
}, item);

export const items = z.union([z.array(typedItem), z.string()]);

export type WireItem = z.output<typeof item>;
export type WirePart = z.output<typeof part>;
