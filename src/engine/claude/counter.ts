import { ProxyError } from "../../error.ts";
import type { Message, MessageEvent, MessagesRequest } from "../../messages/types.ts";
import type { Count } from "../engine.ts";
import { Calibration } from "./calibration.ts";
import { countIn, type Prompt, promptOf, recital } from "./count.ts";
import { Frames, noFrame, type Rehearse } from "./frame.ts";
import type { Launch } from "./launch.ts";
import type { HistoryPlanner } from "./planner.ts";
import { type CliProcess, ProcessLost } from "./process.ts";
import type { CliModel, Profile } from "./settings.ts";

/** How long the upstream may take to count, at most (milliseconds). */
const patience = 60_000;

/** A request, and what it means. */
export interface Understood {
  request: MessagesRequest;
  model: CliModel;
  profile: Profile;
  signal: AbortSignal;
}

export interface CounterOptions {
  rehearse: Rehearse;
  planner: HistoryPlanner;
  /** How long the CLI may be silent (milliseconds). Read where it is needed: it may change. */
  limits: { stallTimeout: number };
  /** An initialised process. Undefined where a conversation would have to make way for it. */
  claim(signal: AbortSignal, launch?: Launch): Promise<CliProcess> | undefined;
}

/** Counts requests: has the upstream do it where that is possible, and estimates where not. */
export class Counter {
  readonly #options: CounterOptions;
  readonly #frames: Frames;
  readonly #calibration = new Calibration();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: CounterOptions) {
    this.#options = options;
    this.#frames = new Frames(options.rehearse);
  }

  /** Who is to be told the events of an answer: what it cost makes later estimates better. */
  listen({ request, model, profile }: Understood, key: string): (event: MessageEvent) => void {
    // An agent's usage is that of many prompts.
    if (profile === "agent") return () => {};
    return this.#calibration.listen(model.resolved, key, () => promptOf(request, noFrame));
  }

  /** `keys` are those of the conversation up to its question, and up to the one before. */
  async count(asked: Understood, keys: readonly string[]): Promise<Count> {
    const { request, model, profile, signal } = asked;
    const frame = await this.#frames.of(model, profile).catch((error: unknown) => excuse(error, signal));
    const prompt = promptOf(request, typeof frame === "string" ? noFrame : frame);
    const counted = typeof frame === "string" ? frame : await this.#inTurn(prompt, model, signal);
    if (typeof counted === "number") return { tokens: counted, way: "counted", warnings: [] };
    const tokens = await this.#calibration.estimate(model.resolved, keys, prompt, promptOf(request, noFrame));
    return { tokens, way: "estimated", warnings: [`input_tokens estimated: ${counted}`] };
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    await this.#frames.settled();
    await this.#turn;
  }

  /** One after the other: each takes a process, and answers come first. */
  #inTurn(prompt: Prompt, model: CliModel, signal: AbortSignal): Promise<number | string> {
    const ask = this.#turn.then(() => this.#ask(prompt, model, signal));
    this.#turn = ask.catch(() => {});
    return ask;
  }

  /** The tokens, or why they can't be counted. */
  async #ask(prompt: Prompt, model: CliModel, signal: AbortSignal): Promise<number | string> {
    const { planner, claim } = this.#options;
    const { transcript, replay } = await planner.plan(recital(prompt), model.resolved);
    try {
      const process = await claim(signal, transcript && { resume: transcript.path });
      if (!process) return "no Claude Code process was free";
      return (await this.#askIn(process, prompt, replay, model, signal)) ?? "the upstream did not count";
    } catch (error) {
      return excuse(error, signal);
    } finally {
      await transcript?.remove();
    }
  }

  async #askIn(
    process: CliProcess,
    prompt: Prompt,
    messages: readonly Message[],
    model: CliModel,
    signal: AbortSignal,
  ) {
    const end = () => void process.end();
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    const longest = Math.min(patience, this.#options.limits.stallTimeout);
    const timer = setTimeout(() => {
      process.fail(new ProcessLost("timeout", `the upstream did not count within ${longest / 1000} s`));
    }, longest);
    try {
      return await countIn(process, prompt, messages, model);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      end();
    }
  }
}

/** Why nothing can be counted, where an estimate is better than nothing; throws what is another failure. */
function excuse(error: unknown, signal: AbortSignal): string {
  if (signal.aborted || !(error instanceof ProxyError) || error.kind === "bug") throw error;
  return error.message;
}
