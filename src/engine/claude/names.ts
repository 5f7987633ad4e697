/**
 * Tool names as the CLI is told of them. Most stay as they are. Those that the API's pattern refuses, and those that the
 * CLI takes for tools of its own (cli-protocol.md 6.2), get another, which nobody but the CLI and the model sees.
 */

import { legalName, ToolNames } from "../../messages/tool-names.ts";

const builtIn = new Set(
  [
    "Agent AskUserQuestion Bash BashOutput Config CronCreate CronDelete CronList DeferredToolPlaceholder Edit EnterPlanMode EnterWorktree ExitPlanMode",
    "ExitWorktree Glob Grep KillBash KillShell LS LSP ListAgents ListMcpResources ListMcpResourcesTool Monitor MultiEdit",
    "NotebookEdit NotebookRead Read ReadMcpResource ReadMcpResourceTool ReportFindings ScheduleWakeup SendMessage SendUserMessage Skill SlashCommand",
    "Sleep StructuredOutput Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoRead TodoWrite",
    "ToolSearch WebFetch WebSearch Workflow Write",
  ].flatMap((names) => names.split(" ")),
);

const prefix = "client_";

/** The name under which the CLI and the model know a client's tool. The same for the same name, and for no other. */
export function cliName(name: string): string {
  return legalName(builtIn.has(name) || name.startsWith(prefix) ? prefix + name : name);
}

/** The way back, for the tools of one request. */
export function toolNames(names: readonly string[]): ToolNames {
  return new ToolNames(names, cliName);
}
