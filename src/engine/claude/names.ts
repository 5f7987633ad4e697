/**
 * Tool names on their way to the CLI and back. Most stay as they are. Those that the API's pattern refuses, and those
 * that the CLI takes for tools of its own (cli-protocol.md 6.2), get another, which nobody but the CLI and the model sees.
 */

/** Longer names are legal in the API, but not in the dialects of other clients. */
const legal = /^[a-zA-Z0-9_-]{1,64}$/;

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
  const taken = builtIn.has(name) || name.startsWith(prefix);
  const plain = taken ? prefix + name : name;
  if (legal.test(plain)) return plain;
  const hash = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 12);
  return `${prefix}${name.replaceAll(/[^a-zA-Z0-9_-]/g, "_").slice(0, 40)}_${hash}`;
}

/** The way back, for the tools of one request. */
export class ToolNames {
  readonly #clientNames: ReadonlyMap<string, string>;

  constructor(names: readonly string[]) {
    this.#clientNames = new Map(names.map((name) => [cliName(name), name]));
  }

  /** The client's own name; undefined for a tool that it does not have. */
  clientName(name: string): string | undefined {
    return this.#clientNames.get(name);
  }
}
