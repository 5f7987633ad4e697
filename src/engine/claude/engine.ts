import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { ProxyError, StartError } from "../../error.ts";
import type { Log } from "../../log.ts";
import type { MessageEvent, MessagesRequest } from "../../messages/types.ts";
import type { Engine, Health, Turn as EngineTurn } from "../engine.ts";
import { Channel } from "./channel.ts";
import { childEnvironment } from "./environment.ts";
import { composeHistory, embedSystem, systemText } from "./history.ts";
import type { ControlRequest } from "./lines.ts";
import { locate } from "./locate.ts";
import { Catalog, type ListedModel } from "./models.ts";
import { CliProcess } from "./process.ts";
import { replay } from "./replay.ts";
import { settingsOf } from "./settings.ts";
import { sweep } from "./sweep.ts";
import { Turn } from "./turn.ts";

/** Events that may wait for a slow client before the CLI's output is left in the pipe. */
const eventBuffer = 1024;
/** Without built-in tools there is nothing that a SIGKILL could orphan: the ladder may be steep (milliseconds). */
const killAfter = 700;

/** The engine that drives the official CLI. Starts nothing before it is asked. */
export function openClaude(config: Config, log: Log): Engine {
  return new ClaudeEngine(config, log);
}

class ClaudeEngine implements Engine {
  readonly #config: Config;
  readonly #log: Log;
  readonly #processes = new Set<CliProcess>();
  readonly #env: Record<string, string>;
  readonly #extraModels: ReadonlySet<string>;
  readonly #cwd: string;
  #catalog: Catalog | undefined;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    const { env, warnings } = childEnvironment(config, config.port);
    for (const warning of warnings) log.warn(warning);
    this.#env = env;
    this.#extraModels = configuredModels(config);
    // The directory is shown to the model: a neutral one, the same for every process, so that prompts stay cacheable.
    this.#cwd = config.cwd ?? mkdtempSync(join(tmpdir(), "sluice-"));
  }

  run(request: MessagesRequest, signal: AbortSignal): EngineTurn {
    const events = this.#answer(request, signal);
    return { way: "cold", warnings: [], [Symbol.asyncIterator]: () => events };
  }

  async models() {
    return (await this.#known()).list();
  }

  async model(name: string) {
    return (await this.#known()).describe(name);
  }

  async health(): Promise<Health> {
    return { ok: true, engine: "claude", detail: { processes: this.#processes.size } };
  }

  async close(): Promise<void> {
    await Promise.all([...this.#processes].map((process) => process.end()));
    if (this.#config.cwd === undefined) rmSync(this.#cwd, { recursive: true, force: true });
  }

  /** What models there are: asked of a process that is ended again, where no request has brought the answer yet. */
  async #known(): Promise<Catalog> {
    if (this.#catalog) return this.#catalog;
    const process = this.#spawn();
    try {
      return await this.#initialize(process, { systemPrompt: [] });
    } finally {
      void process.end();
    }
  }

  async *#answer(request: MessagesRequest, signal: AbortSignal): AsyncGenerator<MessageEvent> {
    if (signal.aborted) throw new ProxyError("canceled", "The request was canceled.");
    // A name that can't be right costs no process once the models are known.
    this.#catalog?.resolve(request.model);
    const process = this.#spawn();
    const end = () => void process.end();
    signal.addEventListener("abort", end, { once: true });
    try {
      const { fields, messages } = this.#compose(request);
      const catalog = await this.#initialize(process, fields);
      const model = catalog.resolve(request.model);
      const settings = settingsOf(request, model, this.#config.effort);
      const controls = settings.map((setting) => process.control(setting));

      const events = new Channel<MessageEvent>(eventBuffer);
      const preamble = controls.map((control) => control.message);
      Promise.all(controls.map((control) => control.answer)).catch((error) => events.fail(error));
      await replay(process, preamble, messages, model.resolved, listenTo(process, events));
      yield* events;
    } finally {
      signal.removeEventListener("abort", end);
      end();
    }
  }

  /** Where the system prompt goes, by the configured mode. */
  #compose({ system, messages }: MessagesRequest) {
    const text = systemText(system);
    const history = composeHistory(messages);
    switch (this.#config.systemPrompt) {
      case "replace":
        return { fields: { systemPrompt: text === "" ? [] : [text] }, messages: history };
      case "append":
        return { fields: text === "" ? {} : { appendSystemPrompt: text }, messages: history };
      case "embed":
        return { fields: { systemPrompt: [] }, messages: embedSystem(text, history) };
    }
  }

  async #initialize(process: CliProcess, fields: Record<string, unknown>): Promise<Catalog> {
    const { message, answer } = process.control({ subtype: "initialize", ...fields } satisfies ControlRequest);
    process.write([message]);
    const { models = [] } = (await answer) as { models?: ListedModel[] };
    this.#catalog = new Catalog(models, this.#extraModels);
    return this.#catalog;
  }

  #spawn(): CliProcess {
    const process = new CliProcess({
      command: [this.#locate(), ...argumentsFor(this.#config)],
      cwd: this.#cwd,
      env: this.#env,
      killAfter,
      sweep: (pid) => sweep(pid, this.#env),
      onNoise: (text) => this.#log.debug("Claude Code printed a line that is no JSON", { text }),
    });
    this.#processes.add(process);
    void process.exited.finally(() => this.#processes.delete(process));
    return process;
  }

  #locate(): string {
    try {
      return locate(this.#config);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      throw new ProxyError("upstream", error.message, { status: 500, retryable: false, cause: error });
    }
  }
}

/** Lines of a running turn become events in the channel; whatever ends the turn badly ends the process. */
function listenTo(process: CliProcess, events: Channel<MessageEvent>) {
  const turn = new Turn();
  return {
    line(line: Parameters<Turn["line"]>[0]) {
      try {
        const step = turn.line(line);
        let wait: Promise<void> | undefined;
        // Ended before the last events are even queued: the CLI would go on asking the model.
        if (step.end === "overrun") void process.kill();
        for (const event of step.events) wait = events.push(event);
        if (step.end) events.close();
        return wait;
      } catch (error) {
        events.fail(error);
        void process.end();
        return undefined;
      }
    },
    gone: (error: ProxyError) => events.fail(error),
  };
}

/** The safe line of cli-protocol.md section 0: no built-in tools, no settings of the user's projects, nothing kept. */
function argumentsFor(config: Config): string[] {
  return [
    ...["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"],
    ...["--include-partial-messages", "--thinking-display", "summarized"],
    ...["--tools", "", "--strict-mcp-config", "--setting-sources", "", "--no-session-persistence"],
    ...["--permission-mode", "dontAsk", "--allowedTools", "mcp__cli"],
    ...["--settings", JSON.stringify({ attribution: { commit: "", pr: "" } })],
    ...(config.maxTurns === undefined ? [] : ["--max-turns", String(config.maxTurns)]),
  ];
}

/** The models that the user named, as Claude Code's own variables do it. */
function configuredModels({ model, env }: Config): Set<string> {
  const families = ["OPUS", "SONNET", "HAIKU", "FABLE"];
  const variables = ["ANTHROPIC_MODEL", ...families.map((family) => `ANTHROPIC_DEFAULT_${family}_MODEL`)];
  return new Set([model, ...variables.map((name) => env[name])].filter((name) => name !== undefined));
}
