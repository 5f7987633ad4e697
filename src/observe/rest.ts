import type { RequestWatcher } from "./request.ts";

/** Calls back each time that no request has run for a while (milliseconds), after some have. */
export class Rest implements RequestWatcher {
  readonly #while: number;
  readonly #call: () => void;
  #running = 0;
  #since = 0;
  #timer: Timer | undefined;

  constructor(time: number, call: () => void) {
    this.#while = time;
    this.#call = call;
  }

  began(): void {
    this.#running++;
  }

  ended(): void {
    this.#running--;
    if (this.#running > 0) return;
    this.#since = performance.now();
    if (this.#timer === undefined) this.#timer = this.#look(this.#while);
  }

  /** One timer for many ends: to set one anew for each would cost more than all else here. */
  #look(time: number): Timer {
    return setTimeout(() => {
      this.#timer = undefined;
      if (this.#running > 0) return;
      const left = this.#since + this.#while - performance.now();
      if (left > 0) this.#timer = this.#look(left);
      else this.#call();
    }, time).unref();
  }
}
