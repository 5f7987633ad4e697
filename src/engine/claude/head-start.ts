/** How long one request has the machine for itself: about its time to the first text (milliseconds). */
const each = 150;
/** How long those can that follow one another. */
const most = 600;

/** Puts off what would take the processor from requests that begin. */
export class HeadStart implements Disposable {
  readonly #action: () => void;
  #timer: Timer | undefined;
  #latest = 0;

  constructor(action: () => void) {
    this.#action = action;
  }

  /** Acts soon. */
  schedule(): void {
    const now = performance.now();
    if (this.#timer === undefined) this.#latest = now + most;
    clearTimeout(this.#timer);
    const act = () => {
      this.#timer = undefined;
      this.#action();
    };
    this.#timer = setTimeout(act, Math.max(0, Math.min(each, this.#latest - now)));
  }

  /** A request begins: what was to be done soon waits for it. */
  extend(): void {
    if (this.#timer !== undefined) this.schedule();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
