import type { Effort, MessagesRequest } from "../../messages/types.ts";
import type { ControlRequest } from "./lines.ts";

/**
 * A request's parameters as control requests, to be written before its first message. Every switch is written each time:
 * the CLI keeps what it was told before.
 */
export function settingsOf(
  request: MessagesRequest,
  model: CliModel,
  defaultEffort: Effort | undefined,
): ControlRequest[] {
  const thinks = request.thinking !== undefined && request.thinking.type !== "disabled";
  const { effort = defaultEffort, ...output } = request.output_config ?? {};
  const body = {
    temperature: request.temperature,
    top_p: request.top_p,
    top_k: request.top_k,
    stop_sequences: request.stop_sequences,
    service_tier: request.service_tier,
    thinking: request.thinking,
    ...(Object.keys(output).length > 0 && { output_config: output }),
  };
  const env = {
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: request.max_tokens === undefined ? "" : String(request.max_tokens),
    // Without this the CLI thinks by default; the API does not, unless it is asked to.
    CLAUDE_CODE_DISABLE_THINKING: thinks ? "" : "1",
    CLAUDE_CODE_EXTRA_BODY: JSON.stringify(body),
    // A name that the CLI does not list itself is otherwise tried out with a request of its own.
    ANTHROPIC_CUSTOM_MODEL_OPTION: model.listed ? "" : model.name,
  };
  return [
    { subtype: "apply_flag_settings", settings: { env, ...(effort && { effortLevel: effort }) } },
    { subtype: "set_model", model: model.name },
  ];
}

/** A model as the CLI is told of it. */
export interface CliModel {
  name: string;
  /** The full id that the name stands for. */
  resolved: string;
  /** Whether the name is one of the CLI's own aliases. */
  listed: boolean;
}
