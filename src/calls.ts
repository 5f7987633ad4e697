import { Bag, nowhere, type Placed } from "./bag.ts";
import type { Call, Observer } from "./engine/engine.ts";

/** A client's call that runs: aborted when its client goes. */
export class OpenCall implements Call, Placed {
  place = nowhere;
  readonly #controller = new AbortController();

  constructor(
    readonly request: Request,
    readonly observer: Observer,
  ) {
    if (request.signal.aborted) this.abort();
    else request.signal.addEventListener("abort", this);
  }

  get headers(): Headers {
    return this.request.headers;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason?: unknown): void {
    this.#controller.abort(reason);
  }

  /** The client is gone. */
  handleEvent(): void {
    this.abort();
  }
}

/**
 * The calls that run, all of which end with Sluice. Not by AbortSignal.any: a signal that lives as long as Sluice does would
 * keep every call that ever hung on it.
 */
export class Calls {
  readonly #open = new Bag<OpenCall>();
  #over = false;

  /** It is closed when nobody has to abort it any more. */
  open(call: OpenCall): void {
    this.#open.add(call);
    if (this.#over) call.abort();
  }

  close(call: OpenCall): void {
    this.#open.delete(call);
  }

  /** Aborts what runs, and what is yet to come. */
  abort(): void {
    this.#over = true;
    for (const call of this.#open) call.abort();
  }
}
