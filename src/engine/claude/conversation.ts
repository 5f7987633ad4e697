import { ProxyError } from "../../error.ts";
import type { AnswerBlock, Message, MessageEvent, Tool, ToolResultBlock } from "../../messages/types.ts";
import { Channel } from "./channel.ts";
import { toFailure } from "./failures.ts";
import { type CliLine, type ControlRequest, isResult, userLine } from "./lines.ts";
import { type CliProcess, type LineListener, ProcessLost } from "./process.ts";
import { Recorder } from "./recorder.ts";
import { offered, replay, type Replayed } from "./replay.ts";
import { resultsFor } from "./tools.ts";
import { Spending } from "./spending.ts";
import type { TurnReader } from "./turn.ts";
import { Watchdog } from "./watchdog.ts";

/** Events that may wait for a slow client before the CLI's output is left in the pipe. */
const eventBuffer = 1024;

export interface ConversationOptions {
  /** The full id of the model that answers. */
  model: string;
  /** Whether the CLI has tools of its own. */
  agent: boolean;
  /** Reads the lines of a new turn. */
  reader(): TurnReader;
  /** What the model may call that the client runs. */
  tools: readonly Tool[] | undefined;
  /** How long the CLI may be silent in the middle of a turn (milliseconds). Read where it is needed: it may change. */
  limits: { stallTimeout: number };
  /** Hears every line of its turns, whoever reads it. */
  heard?(line: CliLine): void;
  /** Told how long the history took to write. */
  replayed(measured: Replayed): void;
}

/** What one request adds: its settings, and what becomes of the conversation when the answer is whole. */
export interface Question {
  settings: ControlRequest;
  signal: AbortSignal;
  /** Called once, when the process has read what it was started with, or is gone. */
  read?(): Promise<void>;
  /** Told what the CLI says that the answer has cost (USD), a moment after it. */
  spent?(usd: number | undefined): void;
  /** Called when the last event is handed on, with what the conversation must be found by. */
  rest(answer: AnswerBlock[]): void;
}

/** A process that holds a conversation: running a turn, live (waiting for the next), or parked (waiting for tools). */
export class Conversation {
  readonly #process: CliProcess;
  readonly #options: ConversationOptions;
  #calls: string[] = [];
  /** The settings that it was told last. */
  #settings: string | undefined;
  /** Parked: who reads on, and what was read meanwhile. */
  #parked: { reader: TurnReader; events: MessageEvent[] } | undefined;
  /** The CLI has closed its last turn, and takes the next message as a new one. */
  #settled: Promise<void> = Promise.resolve();
  #whenGone: (() => void) | undefined;
  readonly #spending = new Spending();
  /** The CLI has said what the last turn has cost, as far as it will. */
  #priced: Promise<unknown> = Promise.resolve();

  constructor(process: CliProcess, options: ConversationOptions) {
    this.#process = process;
    this.#options = options;
  }

  /** Settles when the CLI has said what the last turn has cost; fails where it never will. */
  get priced(): Promise<unknown> {
    return this.#priced;
  }

  /** Whether it waits for the results of tools. */
  get parked(): boolean {
    return this.#calls.length > 0;
  }

  /** The first turn of this process: `opening`, settings included, goes in front, and what was said before is replayed. */
  begin(
    question: Question,
    opening: readonly ControlRequest[],
    messages: readonly Message[],
  ): AsyncGenerator<readonly MessageEvent[]> {
    this.#unsaid(question.settings);
    const { tools, model, replayed } = this.#options;
    const { connect, connecting, change } = tools ? this.#process.tools.offer(tools) : {};
    // The tools come first: to ask for them takes the CLI its time beside the rest.
    return this.#turn(question, connect ? [connect, ...opening] : opening, async (preamble, listener) => {
      const rest = change ? await offered(this.#process, change, preamble) : preamble;
      replayed(await replay(this.#process, rest, messages, model, listener));
      // A refusal of what was asked ahead is this request's: without it the model would not have its tools.
      await connecting;
    });
  }

  /**
   * The next turn, where the process can take the message: `answer` is the last one as the client knows it, whose ids may
   * be the client's own. Undefined where it must be served from history.
   */
  next(question: Question, answer: Message, message: Message): AsyncGenerator<readonly MessageEvent[]> | undefined {
    if (!this.#process.alive) return undefined;
    if (!this.parked)
      return this.#turn(question, this.#unsaid(question.settings), (preamble, listener) =>
        this.#ask(preamble, message, listener),
      );
    const results = resultsFor(this.#calls, answer, message);
    if (!results) return undefined;
    const settings = this.#unsaid(question.settings);
    return this.#turn(question, settings, (preamble, listener) => this.#hand(preamble, results, listener));
  }

  end(): void {
    void this.#process.end();
  }

  /** Calls back when the process is gone. */
  onGone(call: () => void): void {
    this.#whenGone = call;
  }

  async #ask(preamble: readonly object[], message: Message, listener: LineListener): Promise<void> {
    await this.#settled;
    this.#process.listen(listener);
    this.#process.write([...preamble, userLine(message, "query")]);
  }

  async #hand(preamble: readonly object[], results: ToolResultBlock[], listener: LineListener): Promise<void> {
    this.#process.listen(listener);
    this.#process.write(preamble);
    this.#process.tools.answer(results);
  }

  async *#turn(
    question: Question,
    requests: readonly ControlRequest[],
    write: (preamble: readonly object[], listener: LineListener) => Promise<void>,
  ): AsyncGenerator<readonly MessageEvent[]> {
    const { signal } = question;
    const events = new Channel<MessageEvent>(eventBuffer);
    const controls = requests.map((request) => this.#process.control(request));
    Promise.all(controls.map(({ answer }) => answer)).catch((error) => events.fail(error));

    const end = () => this.end();
    const watch = new Watchdog(this.#options.limits.stallTimeout, (error) => this.#process.fail(error));
    const over = () => {
      watch.stop();
      signal.removeEventListener("abort", end);
    };
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
    this.#calls = [];
    let answer: AnswerBlock[] | undefined;
    let begun = false;
    let rests = false;
    try {
      const listener = this.#listener(question, events, watch, (content) => {
        watch.stop();
        answer = content;
      });
      const preamble = controls.map(({ message }) => message);
      // Fails with the channel where the process never gets so far as to take the last message.
      write(preamble, listener).catch((error) => events.fail(error));
      for await (const some of events) {
        if (!begun) await question.read?.();
        begun = true;
        // Who has the last one may go on. Not before: who reads slowly holds the place until then.
        if (some.at(-1)?.type === "message_stop" && answer) {
          rests = true;
          over();
          if (this.#process.alive) question.rest(answer);
        }
        yield some;
      }
    } finally {
      over();
      if (!rests) this.end();
      if (!begun) await question.read?.();
    }
  }

  /** The settings, unless they are those of the turn before: to apply them takes the CLI as long as the rest of a turn. */
  #unsaid(settings: ControlRequest): ControlRequest[] {
    const said = JSON.stringify(settings);
    if (said === this.#settings) return [];
    this.#settings = said;
    return [settings];
  }

  /** Lines of a running turn become events; the end of the turn decides what becomes of the process. */
  #listener(
    question: Question,
    events: Channel<MessageEvent>,
    watch: Watchdog,
    answered: (content: AnswerBlock[]) => void,
  ): LineListener {
    const turn = this.#parked?.reader ?? this.#options.reader();
    const recorder = new Recorder();
    for (const event of this.#parked?.events ?? []) {
      recorder.take(event);
      void events.push(event);
    }
    this.#parked = undefined;
    const fail = (error: unknown) => events.fail(turn.acted && error instanceof ProxyError ? error.final() : error);
    return {
      line: (line) => {
        watch.feed();
        this.#hear(line, question);
        try {
          const step = turn.line(line);
          // Before the last events are even queued: the CLI would go on asking the model.
          if (step.end === "overrun") this.#stopAsking();
          for (const event of step.events) {
            recorder.take(event);
            if (event.type === "content_block_start") this.#process.tools.announce(event.content_block);
          }
          if (step.end === "answered") {
            this.#rest(question, turn, recorder.calls, isResult(line));
            answered(recorder.content);
          }
          let wait: Promise<void> | undefined;
          for (const event of step.events) wait = events.push(event);
          if (step.end) events.close();
          if (wait) watch.rest(wait);
          return wait;
        } catch (error) {
          fail(error);
          // A turn that is not over is about to go on, at the user's cost.
          if (isResult(line)) this.end();
          else this.#stopAsking();
          return undefined;
        }
      },
      gone: (error) => {
        fail(error);
        this.#whenGone?.();
      },
    };
  }

  #hear(line: CliLine, { spent }: Pick<Question, "spent">): void {
    this.#options.heard?.(line);
    spent?.(this.#spending.take(line));
  }

  /** Ends the process before it asks the model again; not by force where a command that it runs would be orphaned. */
  #stopAsking(): void {
    if (this.#options.agent) this.end();
    else void this.#process.kill();
  }

  /** The answer is whole. Parked, the turn of the CLI goes on; otherwise it may have a line to say yet. */
  #rest(question: Question, reader: TurnReader, calls: string[], closed: boolean): void {
    this.#calls = calls;
    const settled = Promise.withResolvers<void>();
    settled.promise.catch(() => {});
    this.#settled = settled.promise;
    if (closed || calls.length > 0) settled.resolve();
    this.#priced = calls.length > 0 ? this.#spending.ask(this.#process).then(question.spent) : settled.promise;
    const parked = calls.length > 0 ? { reader: reader.next(), events: [] as MessageEvent[] } : undefined;
    this.#parked = parked;
    // What was asked may be long, and is not kept with the conversation.
    let told: Pick<Question, "spent"> = question;
    const forget = () => void (told = {});
    this.#priced.then(forget, forget);
    this.#process.listen({
      line: (line: CliLine) => {
        this.#hear(line, told);
        try {
          if (parked) parked.events.push(...parked.reader.line(line).events);
          else if (isResult(line) && line.is_error) throw toFailure(line, Date.now());
          else if (isResult(line)) settled.resolve();
        } catch (error) {
          // It can't be continued: whoever would have done so is served from history.
          settled.reject(new ProcessLost("upstream", (error as Error).message, { cause: error }));
          this.end();
        }
        return undefined;
      },
      gone: (error) => {
        settled.reject(error);
        this.#whenGone?.();
      },
    });
  }
}
