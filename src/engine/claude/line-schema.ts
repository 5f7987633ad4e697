/**
 * What the CLI prints, read so that nobody behind it meets a field of another type than it looks for. Types and fields that
 * are newer than ours pass.
 */

import { z } from "zod";
import { counts, orNull, perhaps, readEvent, usage } from "../event-schema.ts";
import { type CliLine, isFailure } from "./lines.ts";

const text = z.string();
const word = perhaps(text);

const denial = z.looseObject({ tool_name: text, tool_use_id: text, message: word });

const modelUsage = counts(
  "inputTokens",
  "outputTokens",
  "cacheReadInputTokens",
  "cacheCreationInputTokens",
  "cacheCreationEphemeral5mInputTokens",
  "cacheCreationEphemeral1hInputTokens",
  "thinkingTokens",
);

const result = z.looseObject({
  type: z.literal("result"),
  // What does not say that it went well did not.
  is_error: z.boolean().catch(true),
  result: word,
  errors: perhaps(z.array(text)),
  terminal_reason: word,
  usage: usage.transform((told) => told ?? undefined),
  model_usage_since_last_result: perhaps(z.record(text, modelUsage)),
  permission_denials: perhaps(z.array(denial)),
});

const part = z.looseObject({ type: text, text: word });

const failure = z.looseObject({
  type: z.literal("assistant"),
  error: word,
  api_error: word,
  // It may become the answer's own.
  api_error_status: orNull(z.int().min(400).max(599)),
  api_error_type: word,
  message: z.looseObject({ content: z.array(part).catch([]) }).catch({ content: [] }),
});

const user = z.looseObject({
  message: z.looseObject({
    content: z
      .union([
        text,
        z.array(
          z.union([
            z.looseObject({
              type: z.literal("tool_result"),
              tool_use_id: text,
              content: perhaps(z.union([text, z.array(part)])),
              is_error: perhaps(z.boolean()),
            }),
            z.unknown().transform(() => ({ type: "unknown" })),
          ]),
        ),
      ])
      .catch([]),
  }),
});

/** A line of the CLI; undefined for what is none, or what tells nothing. Throws as `readEvent` does. */
export function readLine(value: unknown): CliLine | undefined {
  if (!isLine(value)) return undefined;
  switch (value.type) {
    case "stream_event":
      return isObject(value["event"]) ? { ...value, event: readEvent(value["event"]) } : undefined;
    case "result":
      return result.parse(value);
    case "assistant":
      return isFailure(value) ? failure.parse(value) : value;
    case "user":
      return user.safeParse(value).data as CliLine | undefined;
    case "system":
      if (value["subtype"] !== "permission_denied") return value;
      return denial.safeParse(value).data as CliLine | undefined;
    case "control_response":
    case "control_request":
      return isObject(value[value.type.slice("control_".length)]) ? value : undefined;
    default:
      return value;
  }
}

function isLine(value: unknown): value is CliLine {
  return isObject(value) && typeof value["type"] === "string";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
