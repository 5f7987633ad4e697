import { isBlank } from "../../messages/conversation.ts";
import { thinkingFor, unknownTo } from "../../messages/model-limits.ts";
import type { Effort, MessagesRequest, ToolChoice } from "../../messages/types.ts";
import type { ControlRequest } from "./lines.ts";
import { cliName } from "./names.ts";
import { bodyTools } from "./tools.ts";

/** What Claude Code is for a request: a model, or an agent with tools of its own. */
export type Profile = "chat" | "agent";

/** A model as the CLI is told of it. */
export interface CliModel {
  name: string;
  /** The full id that the name stands for. */
  resolved: string;
  /** Whether the name is one of the CLI's own aliases. */
  listed: boolean;
}

/**
 * The parameters of one request, to be written before its message: the CLI reads them for each call of the model. Every
 * switch is written each time, because it keeps what it was told before.
 */
export function turnSettings(
  request: MessagesRequest,
  model: CliModel,
  profile: Profile,
  defaultEffort: Effort | undefined,
): ControlRequest {
  // A model thinks when it is asked to, as on the API; an agent as Claude Code sees fit.
  const thinking = thinkingFor(request, model);
  const thinks = thinking === undefined ? profile === "agent" : thinking.type !== "disabled";
  const { effort = defaultEffort, ...output } = request.output_config ?? {};
  const body = {
    temperature: request.temperature,
    top_p: request.top_p,
    top_k: request.top_k,
    stop_sequences: stopSequences(request),
    service_tier: request.service_tier,
    speed: request.speed,
    inference_geo: request.inference_geo,
    thinking,
    // An agent's list has its own tools too, so it stays as the CLI makes it.
    tools: profile === "chat" && request.tools ? bodyTools(request.tools) : undefined,
    tool_choice: request.tool_choice && toolChoice(request.tool_choice),
    ...(Object.keys(output).length > 0 && { output_config: output }),
  };
  const env = {
    // 0 is no limit to the CLI, and the API takes it in no stream: one token is asked for, and never passed on.
    CLAUDE_CODE_MAX_OUTPUT_TOKENS: request.max_tokens === undefined ? "" : String(Math.max(1, request.max_tokens)),
    CLAUDE_CODE_DISABLE_THINKING: thinks ? "" : "1",
    CLAUDE_CODE_EXTRA_BODY: JSON.stringify(body),
    // Read at the first call of the model only: a conversation keeps the betas that it began with.
    ANTHROPIC_BETAS: request.betas?.join() ?? "",
    // A name that the CLI does not list itself is otherwise tried out with a request of its own.
    ANTHROPIC_CUSTOM_MODEL_OPTION: model.listed ? "" : model.name,
  };
  return { subtype: "apply_flag_settings", settings: { env, effortLevel: effort ?? null } };
}

/** What a request asks for and will not get, as warnings. */
export function unmet(request: MessagesRequest, model: CliModel): string[] {
  const warnings = unknownTo(model, request);
  if (request.max_tokens === 0) warnings.push("max_tokens 0: one token is asked for and left out");
  return warnings;
}

/**
 * What is written before the first message of a conversation: the settings of its first turn, and what holds for all of
 * it and could not be set later without a trace.
 */
export function openingSettings(settings: ControlRequest, model: CliModel, system: string): ControlRequest[] {
  return [settings, { subtype: "set_model", model: model.name, ...(system !== "" && { system_prompt: system }) }];
}

/** Those that the API takes; blank ones it refuses, and Sluice itself sees to all. */
function stopSequences({ stop_sequences = [] }: MessagesRequest): string[] | undefined {
  const sequences = stop_sequences.filter((sequence) => !isBlank(sequence));
  return sequences.length > 0 ? sequences : undefined;
}

function toolChoice(choice: ToolChoice): ToolChoice {
  return choice.type === "tool" ? { ...choice, name: cliName(choice.name) } : choice;
}
