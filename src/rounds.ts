import { Bag, type Placed } from "./bag.ts";

/**
 * Things that are looked at from time to time, while there are any. One timer for all: one for each of a request's would
 * cost more than anything else on its way.
 */
export class Rounds<T extends Placed> {
  readonly #all = new Bag<T>();
  #timer: Timer | undefined;

  /** `visit` is called with each thing every `period` (milliseconds), and the time (of `performance.now()`). */
  constructor(
    readonly period: number,
    readonly visit: (thing: T, now: number) => void,
  ) {}

  add(thing: T): void {
    this.#all.add(thing);
    this.#timer ??= setInterval(() => this.#go(), this.period).unref();
  }

  /** Does nothing where it is not among them. */
  delete(thing: T): void {
    this.#all.delete(thing);
  }

  #go(): void {
    const now = performance.now();
    for (const thing of this.#all) this.visit(thing, now);
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
