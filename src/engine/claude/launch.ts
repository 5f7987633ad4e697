import { existsSync, lstatSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { ProxyError, StartError } from "../../error.ts";
import type { Log } from "../../log.ts";
import { stateFolder } from "../../state.ts";
import { isPrivate } from "../../trust.ts";
import { childEnvironment } from "./environment.ts";
import { locate } from "./locate.ts";
import { MemoryWatch } from "./memory.ts";
import type { ListedModel } from "./models.ts";
import { endMarked, InstanceRecord, instanceVariable, processVariable, removeFolder, sweepOrphans } from "./orphans.ts";
import { CliProcess, ProcessLost, unstartable } from "./process.ts";
import { needsReaper, Reaper } from "./reaper.ts";
import { sweep } from "./sweep.ts";
import { serverName } from "./tools.ts";

/** Milliseconds from SIGTERM to SIGKILL: where the CLI runs no tools of its own, there is nothing that could be orphaned. */
const killAfter = { chat: 700, agent: 3000 };

/** How a process is started. Empty for one that any request can use. */
export interface Launch {
  /** The session file of an earlier conversation. */
  resume?: string;
  /** What stands behind Claude Code's own system prompt. */
  appendSystemPrompt?: string;
  /** The system prompt, where it can't be set later. */
  systemPrompt?: string;
  /** With the CLI's own tools. */
  agent?: true;
}

/** What a process says of itself when it is initialised. */
export interface Started {
  models: ListedModel[];
  version: string;
}

/** Starts processes of the CLI, all in the same way, and knows the folder that they share. */
export class Launcher {
  readonly #config: Config;
  readonly #log: Log;
  readonly #env: Record<string, string>;
  #folder: string;
  readonly #instance: InstanceRecord | undefined;
  readonly #memory = new MemoryWatch();
  #reaper: Reaper | undefined;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    const { env, warnings } = childEnvironment(config, config.port);
    for (const warning of warnings) log.warn(warning);
    this.#folder = makeFolder();
    this.#instance = recordInstance(stateFolder(config.env), this.#folder, log);
    this.#env = { ...env, ...(this.#instance && { [instanceVariable]: this.#instance.id }) };
  }

  /**
   * Private to this Sluice, and gone with it. Among the temporary ones, which some systems tidy up by the day: what they
   * have removed is made anew.
   */
  get folder(): string {
    if (isOwn(this.#folder)) return this.#folder;
    this.#folder = makeFolder();
    this.#instance?.moved(this.#folder);
    return this.#folder;
  }

  /** Shown to the model: a neutral place, the same for every process, so that prompts stay cacheable. */
  get #cwd(): string {
    const { cwd } = this.#config;
    if (cwd !== undefined) {
      if (existsSync(cwd)) return cwd;
      throw new StartError("usage", `The directory of --cwd is gone: make ${cwd} again, or choose another one.`);
    }
    const own = join(this.folder, "empty");
    mkdirSync(own, { recursive: true });
    return own;
  }

  /**
   * Starts a process; `env` changes its environment. `ready` resolves when it is initialised, with what it says of
   * itself; else it is ended.
   */
  start(
    launch: Launch,
    env: Record<string, string | undefined> = {},
  ): { process: CliProcess; ready: Promise<Started> } {
    if (launch.agent && this.#instance && needsReaper) this.#reaper ??= new Reaper(this.#instance.id);
    const mark = crypto.randomUUID();
    const { claude, cwd } = startable(() => ({ claude: locate(this.#config), cwd: this.#cwd }));
    const process = new CliProcess({
      command: [claude, ...argumentsFor(this.#config, launch)],
      cwd,
      env: defined({ ...this.#env, ...env, [processVariable]: mark }),
      killAfter: launch.agent ? killAfter.agent : killAfter.chat,
      sweep: (pid) => {
        endMarked(processVariable, mark);
        return sweep(pid, this.#env);
      },
      onNoise: (text) =>
        this.#log.debug("Claude Code printed a line that is no JSON", this.#config.logBodies ? { text } : {}),
    });
    this.#memory.add(process);
    return { process, ready: this.#initialize(process, launch) };
  }

  /** The same for a process with a configuration folder of its own. */
  startApart(launch: Launch, env: Record<string, string | undefined>): ReturnType<Launcher["start"]> {
    const folder = startable(() => this.folder);
    return this.start(launch, { ...env, CLAUDE_CONFIG_DIR: join(folder, "probe") });
  }

  close(): void {
    this.#memory[Symbol.dispose]();
    this.#reaper?.[Symbol.dispose]();
    // Else the next Sluice removes it.
    if (removeFolder(this.#folder)) this.#instance?.remove();
  }

  async #initialize(process: CliProcess, launch: Launch): Promise<Started> {
    const { appendSystemPrompt, systemPrompt: own, agent } = launch;
    const { stallTimeout, systemPrompt } = this.#config;
    // Claude Code's own prompt stands where one is appended to it, and nowhere else.
    const prompt =
      systemPrompt === "append" || agent ? { appendSystemPrompt } : { systemPrompt: own === undefined ? [] : [own] };
    const { message, answer } = process.control({ subtype: "initialize", ...prompt });
    const timer = setTimeout(() => {
      process.fail(new ProcessLost("timeout", `Claude Code did not start within ${stallTimeout / 1000} s.`));
    }, stallTimeout);
    try {
      process.write([message]);
      const { models, claude_code_version } = await answer;
      return { models: (models ?? []) as ListedModel[], version: String(claude_code_version) };
    } catch (error) {
      void process.end();
      // What ends by itself at its start does so again: only somebody who mends it can help.
      const dead = error instanceof ProcessLost && error.kind === "upstream" && !process.killed;
      throw dead ? new ProcessLost(error.kind, error.message, { ...error, status: 500, retryable: false }) : error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** What a start needs. Throws a ProxyError where there is none. */
function startable<T>(find: () => T): T {
  try {
    return find();
  } catch (error) {
    if (!(error instanceof StartError)) throw unstartable(error);
    throw new ProxyError("upstream", error.message, { status: 500, retryable: false, cause: error });
  }
}

function makeFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), "sluice-"));
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    throw new StartError(
      "usage",
      `Sluice can't make a folder in ${tmpdir()} (${code}): make room there, or choose another place with TMPDIR.`,
    );
  }
}

/** Whether it is there, and nobody has put something else in its place. */
function isOwn(folder: string): boolean {
  try {
    const stat = lstatSync(folder);
    return stat.isDirectory() && isPrivate(stat);
  } catch {
    return false;
  }
}

function defined(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Ends what an earlier Sluice left, and writes down that this one runs. Neither is worth not to start for. */
function recordInstance(state: string, folder: string, log: Log): InstanceRecord | undefined {
  try {
    const ended = sweepOrphans(state);
    if (ended > 0) log.warn("An earlier Sluice was killed; what it had left running was ended", { processes: ended });
    return new InstanceRecord(state, folder);
  } catch (error) {
    log.warn("The state folder can't be used", { folder: state, reason: (error as Error).message });
    return undefined;
  }
}

/** What every process is started with. Nothing of the user's projects is loaded, and nothing kept. */
const common = [
  "-p --input-format stream-json --output-format stream-json --verbose --include-partial-messages",
  "--thinking-display summarized --strict-mcp-config --no-session-persistence",
]
  .join(" ")
  .split(" ")
  .concat("--setting-sources", "", "--settings", '{"attribution":{"commit":"","pr":""}}');

/** The CLI's own tools that outlive a turn, leave the folder or need a screen. */
const unfit =
  "EnterWorktree ExitWorktree ListAgents Monitor ReportFindings ScheduleWakeup SendMessage TaskStop Workflow";

function argumentsFor(config: Config, { resume, agent }: Launch): string[] {
  const { permissionMode, allowedTools, maxTurns } = config;
  const clientTools = `mcp__${serverName}`;
  return [
    ...common,
    ...(agent
      ? ["--permission-mode", permissionMode, "--allowedTools", [clientTools, ...allowedTools].join(",")].concat(
          "--disallowedTools",
          unfit.replaceAll(" ", ","),
        )
      : // The safe line of cli-protocol.md section 0: the model is a model, and has the client's tools only.
        ["--tools", "", "--permission-mode", "dontAsk", "--allowedTools", clientTools]),
    ...(maxTurns === undefined ? [] : ["--max-turns", String(maxTurns)]),
    ...(resume === undefined ? [] : ["--resume", resume]),
  ];
}
