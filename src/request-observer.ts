import { type Calls, OpenCall } from "./calls.ts";
import type { Config } from "./config.ts";
import type { Observer } from "./engine/engine.ts";
import { errorTable, type ProxyError } from "./error.ts";
import type { Log } from "./log.ts";
import type { Usage } from "./messages/types.ts";
import type { Observation } from "./observe/open.ts";
import { type Asked, type Recording, startRecording } from "./observe/request.ts";

/** Told how a request goes on. Tells those who watch requests, and the log in one line when it has ended. */
export class RequestObserver implements Observer {
  readonly call: OpenCall;
  readonly recording: Recording | undefined;
  /** Of the answer, as soon as it is known. */
  status = 200;
  /** Whether the body goes on behind the head: then its end is told when it comes. */
  streams = false;
  readonly #began = performance.now();
  #over = false;
  #way: string | undefined;
  #warning: string | undefined;
  #usage: Usage | undefined;

  constructor(
    readonly asked: Asked,
    readonly path: string,
    readonly config: Config,
    readonly log: Log,
    readonly observation: Observation,
    readonly calls: Calls,
  ) {
    this.call = new OpenCall(asked.request, this);
    calls.open(this.call);
    this.recording = startRecording(asked, observation.watchers, log);
  }

  /** How long it lasts (milliseconds). */
  get ms(): number {
    return Math.round(performance.now() - this.#began);
  }

  answered({ "x-sluice-way": way, "x-sluice-warning": warning }: Record<string, string>): void {
    this.#way = way;
    this.#warning = warning;
    if (way !== undefined) this.recording?.way(way);
  }

  streaming(): void {
    this.streams = true;
  }

  model(name: string): void {
    this.recording?.model(name);
  }

  spoke(): void {
    this.recording?.spoke();
  }

  billed(cost: () => Promise<number | undefined> | undefined): void {
    this.recording?.billed(cost);
  }

  wrote(kind: "thinking" | "writing" | "calling", characters: number): void {
    this.recording?.wrote(kind, characters);
  }

  passed(bytes: number): void {
    this.recording?.passed(bytes);
  }

  used(usage: Usage): void {
    this.#usage = usage;
    this.recording?.used(usage);
  }

  /** The first time counts. */
  ended(error?: ProxyError): void {
    if (this.#over) return;
    this.#over = true;
    this.calls.close(this.call);
    this.recording?.end(this.status, error);
    const { id, request, route } = this.asked;
    const level = error ? errorTable[error.kind].level : route.endpoint === "page" ? "debug" : "info";
    this.log[level](`${request.method} ${this.path}`, {
      request_id: id,
      status: this.status,
      ms: this.ms,
      way: this.#way,
      warning: this.#warning,
      input_tokens: this.#usage?.input_tokens,
      output_tokens: this.#usage?.output_tokens,
      error: error?.kind,
      message: this.config.logBodies ? error?.message : error?.plain,
      cause: error?.kind === "bug" ? error.cause : undefined,
    });
  }
}
