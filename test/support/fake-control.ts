/** How the fake CLI answers control requests: as the real one does. */

import type { ControlAnswer } from "./fake-script.ts";

/** A control request of the host. */
export interface ControlRequest {
  subtype: string;
  model?: string;
  system_prompt?: string;
  servers?: Record<string, unknown>;
}

const success = (response?: unknown): ControlAnswer => ({ subtype: "success", response });

/** The answer to a control request that changes nothing in a process that has no model behind it. */
export function answerControl(request: ControlRequest, version: string): ControlAnswer {
  switch (request.subtype) {
    case "initialize":
      return success({
        commands: [],
        agents: [],
        models,
        account: { tokenSource: "none", apiKeySource: "ANTHROPIC_API_KEY", apiProvider: "firstParty" },
        pid: process.pid,
        claude_code_version: version,
        current_permission_mode: "dontAsk",
        session_state: "idle",
      });
    case "set_model":
      return success({ model: resolveModel(request.model ?? "default") });
    case "apply_flag_settings":
    case "set_max_thinking_tokens":
    case "end_session":
      return success();
    case "mcp_set_servers":
      return success({ added: Object.keys(request.servers ?? {}), removed: [], errors: {} });
    case "get_session_cost":
      return success({ text: "Estimated cost:        $0.0000\nTotal duration (API):  0s" });
    case "interrupt":
      return success({ still_queued: [] });
    default:
      return {
        subtype: "error",
        error: `Unsupported control request subtype: ${request.subtype}`,
        error_code: "unsupported_request",
      };
  }
}

/** The full id that an alias stands for; anything else is taken as it is. */
export function resolveModel(name: string): string {
  return models.find((model) => model.value === name)?.resolvedModel ?? name;
}

const models = [
  model("default", "claude-opus-5-5", "Default (recommended)", "Use the default model (currently Opus 5.5)"),
  model("opus", "claude-opus-5-5", "Opus", "Opus 5.5 · Best for everyday, complex tasks"),
  model("fable", "claude-fable-5-2", "Fable", "Fable 5.2 · Most capable for your hardest and longest-running tasks"),
  model("sonnet", "claude-sonnet-5-5", "Sonnet", "Sonnet 5.5 · Efficient for routine tasks"),
  model("haiku", "claude-haiku-5-5", "Haiku", "Haiku 5.5 · Fastest for quick answers"),
];

function model(value: string, resolvedModel: string, displayName: string, description: string) {
  return {
    value,
    resolvedModel,
    displayName,
    description,
    supportsEffort: true,
    supportedEffortLevels: ["low", "medium", "high", "xhigh", "max"],
    supportsAdaptiveThinking: true,
    supportsThinkingOff: false,
  };
}
