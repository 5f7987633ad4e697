import type { Config } from "../../config.ts";
import { ProxyError } from "../../error.ts";
import type { Log } from "../../log.ts";
import { checkMediaCount } from "../../messages/media.ts";
import { mostMedia } from "../../messages/model-limits.ts";
import type { Message, MessageEvent, MessagesRequest } from "../../messages/types.ts";
import type { Caller, Count, Engine, Health, Part, Turn as EngineTurn } from "../engine.ts";
import { AgentTurn } from "./agent-turn.ts";
import { Conversation, type Question } from "./conversation.ts";
import { Counter, type Understood } from "./counter.ts";
import { missesThinking } from "../../messages/reasoning.ts";
import { Examiner } from "./examine.ts";
import { Fingerprint } from "./fingerprint.ts";
import { composeHistory, embedSystem, systemText } from "./history.ts";
import { type Launch, Launcher } from "./launch.ts";
import { KnownFeatures } from "./known-features.ts";
import { Catalog, configuredModels } from "./models.ts";
import { processesByMemory } from "./memory.ts";
import { toolNames } from "./names.ts";
import { HistoryPlanner } from "./planner.ts";
import { Pool } from "./pool.ts";
import { rehearse, type StartProbe } from "./probe.ts";
import { type CliProcess, ProcessLost } from "./process.ts";
import { RateLimits } from "./rate-limits.ts";
import { Served } from "./served.ts";
import { openingSettings, turnSettings, unmet } from "./settings.ts";
import { Shelf } from "./shelf.ts";
import { Turn } from "./turn.ts";

/** The engine that drives the official CLI. Its spares start in the background; nothing waits for them here. */
export function openClaude(config: Config, log: Log): Engine {
  return new ClaudeEngine(config, log);
}

/** A request with what the engine has found out about it. */
interface Asked extends Understood {
  /** Everything before the last message, and the last message. */
  earlier: Message[];
  last: Message;
  /** Without any message, and without the last. */
  start: Fingerprint;
  before: Fingerprint;
}

class ClaudeEngine implements Engine {
  readonly #config: Config;
  readonly #log: Log;
  readonly #launcher: Launcher;
  readonly #pool: Pool;
  readonly #shelf: Shelf;
  readonly #planner: HistoryPlanner;
  readonly #rateLimits = new RateLimits();
  readonly #counter: Counter;
  readonly examine: () => Promise<Part[]>;
  readonly #closing = new AbortController();
  #catalog: Catalog | undefined;
  readonly #known: KnownFeatures;

  constructor(config: Config, log: Log) {
    this.#config = config;
    this.#log = log;
    this.#launcher = new Launcher(config, log);
    const probing: StartProbe = (env) => this.#launcher.startApart({}, env);
    this.#known = new KnownFeatures(probing, this.#closing.signal, log);
    this.#planner = new HistoryPlanner(() => this.#launcher.folder, log);
    this.#shelf = new Shelf(config, () => this.#pool.rested());
    const maxProcesses = config.maxProcesses ?? processesByMemory();
    this.#pool = new Pool({
      spares: config.spares,
      maxProcesses,
      limits: config,
      start: (launch) => this.#start(launch),
      evict: (which) => this.#shelf.evict(which),
    });
    const examiner = new Examiner(config, this.#pool);
    this.examine = () => examiner.examine();
    this.#counter = new Counter({
      planner: this.#planner,
      limits: config,
      rehearse: (request, model, profile) => {
        const start: StartProbe = (env) => this.#launcher.startApart(profile === "agent" ? { agent: true } : {}, env);
        return rehearse(start, request, model, profile, this.#closing.signal);
      },
      claim: (signal, launch) => {
        const { processes, spares } = this.#pool.counts;
        const { live, parked } = this.#shelf.counts;
        if (processes >= maxProcesses && (live + parked > 0 || spares === 0)) return undefined;
        return this.#pool.claim(signal, launch).then(({ process }) => process);
      },
    });
  }

  run(request: MessagesRequest, { signal }: Caller): EngineTurn {
    const served = new Served();
    const events = this.#answer(request, signal, served);
    return Object.assign(served, { [Symbol.asyncIterator]: () => events });
  }

  async count(request: MessagesRequest, { signal }: Caller): Promise<Count> {
    const asked = await this.#understand(request, signal);
    const previous = asked.start.with(request.messages.slice(0, -2));
    return this.#counter.count(asked, [questionKey(asked), previous.key]);
  }

  async models() {
    return (await this.#listed()).list();
  }

  async model(name: string) {
    return (await this.#listed()).describe(name);
  }

  async health(): Promise<Health> {
    const detail = { ...this.#pool.counts, ...this.#shelf.counts, rate_limits: this.#rateLimits.report };
    return { ok: true, engine: "claude", detail };
  }

  rateLimits() {
    return this.#rateLimits.headers;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#shelf.close();
    await this.#pool.close();
    await this.#counter.settled();
    this.#launcher.close();
  }

  /**
   * Tries again, with a fresh process, where one was lost before it had answered anything; and once without thinking
   * where the conversation is not one that the model would think in.
   */
  async *#answer(
    request: MessagesRequest,
    signal: AbortSignal,
    served: Served,
  ): AsyncGenerator<readonly MessageEvent[]> {
    let asked = await this.#understand(request, signal);
    served.warnings = unmet(request, asked.model);
    const listen = this.#counter.listen(asked, questionKey(asked));
    let kept = this.#continue(asked, served);
    for (let lost = 0, begun = false; ; kept = undefined) {
      try {
        for await (const some of kept ?? (await this.#begin(asked, served))) {
          begun = true;
          for (const event of some) listen(event);
          yield some;
        }
        return;
      } catch (error) {
        // What an agent has done may not be done twice.
        if (begun || signal.aborted || asked.profile === "agent") throw error;
        if (missesThinking(error) && asked.request.thinking?.type !== "disabled") {
          asked = { ...asked, request: { ...asked.request, thinking: { type: "disabled" } } };
          served.warnings = [...served.warnings, "thinking ignored: the thinking behind the last calls is missing"];
          continue;
        }
        if (!(error instanceof ProcessLost)) throw error;
        if (++lost > error.retries) throw error;
        this.#log.warn("A Claude Code process was lost; the request is tried again with another", {
          reason: error.plain,
        });
      }
    }
  }

  async #understand(request: MessagesRequest, signal: AbortSignal): Promise<Asked> {
    const { profile, ...model } = (await this.#listed(signal)).resolve(request.model);
    checkMediaCount(request.messages, mostMedia(model));
    const earlier = request.messages.slice(0, -1);
    const last = request.messages.at(-1);
    if (!last) throw new ProxyError("bug", "A request without messages passed decode.");
    const [window = ""] = /\[\w+\]$/.exec(model.name) ?? [];
    // The CLI reads the betas at its first request only.
    const kind = [profile, model.resolved + window, ...(request.betas ?? [])].join("/");
    const start = Fingerprint.of(request, kind);
    return { request, model, profile, earlier, last, start, before: start.with(earlier), signal };
  }

  /** The process that holds just this conversation goes on with it. Undefined where there is none that can. */
  #continue(asked: Asked, served: Served): AsyncGenerator<readonly MessageEvent[]> | undefined {
    const answer = asked.earlier.at(-1);
    const conversation = answer && this.#shelf.take(asked.before.key);
    if (!answer || !conversation) return undefined;
    const way = conversation.parked ? "parked" : "live";
    const [message] = composeHistory([asked.last]);
    const events = conversation.next(this.#question(asked, conversation, served), answer, message as Message);
    // It waits for something else than what has come; nothing else can continue it.
    if (!events) conversation.end();
    else {
      served.way = way;
      this.#pool.resumed();
    }
    return events;
  }

  /** Another process takes the conversation over from the request. */
  async #begin(asked: Asked, served: Served): Promise<AsyncGenerator<readonly MessageEvent[]>> {
    const { request, model, profile, signal } = asked;
    const text = systemText(request.system);
    // An agent without Claude Code's own prompt would not know its tools.
    const mode = profile === "agent" ? "append" : this.#config.systemPrompt;
    const messages = composeHistory(mode === "embed" ? embedSystem(text, request.messages) : request.messages);
    const { transcript, replay } = await this.#planner.plan(messages, model.resolved);
    try {
      const launch: Launch = {
        ...(mode === "append" && text !== "" && { appendSystemPrompt: text }),
        ...(mode === "replace" && text !== "" && !this.#known.features.systemPrompt && { systemPrompt: text }),
        ...(transcript && { resume: transcript.path }),
        ...(profile === "agent" && { agent: true as const }),
      };
      const plain = Object.keys(launch).length === 0;
      const { process, spare } = await this.#pool.claim(signal, plain ? undefined : launch);
      served.way = transcript ? "resume" : asked.earlier.length > 0 ? "replay" : spare ? "spare" : "cold";

      const conversation = this.#conversation(process, asked);
      const prompt = mode === "replace" && launch.systemPrompt === undefined ? text : "";
      const question = this.#question(asked, conversation, served);
      const opening = openingSettings(question.settings, model, prompt);
      // Once the model answers, the CLI has read the file: what was said stays no longer on the disk than it must.
      const read = transcript && (() => transcript.remove());
      return conversation.begin({ ...question, ...(read && { read }) }, opening, replay);
    } catch (error) {
      await transcript?.remove();
      throw error;
    }
  }

  /** Not within a generator: what is made in one keeps all that it has in hand, here all that was ever said. */
  #conversation(process: CliProcess, { request: { tools }, model, profile }: Asked): Conversation {
    const names = toolNames((tools ?? []).map((tool) => tool.name));
    return new Conversation(process, {
      model: model.resolved,
      agent: profile === "agent",
      reader: () => (profile === "agent" ? new AgentTurn(names, this.#config) : new Turn(names)),
      tools,
      limits: this.#config,
      heard: (line) => this.#rateLimits.take(line),
      replayed: (measured) => this.#planner.replayed(measured),
    });
  }

  #question(asked: Asked, conversation: Conversation, served: Served): Question {
    const { request, model, profile, before, last, signal } = asked;
    return {
      settings: turnSettings(request, model, profile, this.#config.effort),
      signal,
      spent: (usd) => served.spend(usd),
      rest: (content) => {
        served.until(conversation.priced);
        this.#shelf.put(before.with([last, { role: "assistant", content }]).key, conversation);
      },
    };
  }

  /** The models, which the first process that is initialised tells. */
  async #listed(signal: AbortSignal = AbortSignal.timeout(this.#config.stallTimeout)): Promise<Catalog> {
    if (!this.#catalog) await this.#pool.warm(signal);
    if (!this.#catalog) throw new ProxyError("bug", "Claude Code started without telling its models.");
    return this.#catalog;
  }

  #start(launch: Launch) {
    const began = performance.now();
    const { process, ready } = this.#launcher.start(launch);
    const known = ready.then(({ models, version }) => {
      this.#planner.started(performance.now() - began);
      this.#known.learn(version);
      this.#catalog = new Catalog(models, configuredModels(this.#config), this.#config.agent);
    });
    return { process, ready: known };
  }
}

function questionKey({ before, last }: Asked): string {
  return before.with([last]).key;
}
