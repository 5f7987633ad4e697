/** A moment at which something is over, in milliseconds of `performance.now()`. It may be moved. */
export interface Deadline {
  at: number;
  readonly late: () => void;
}

/** The deadlines of many requests on one timer: one each would cost more than anything else on a request's way. */
export class Deadlines {
  readonly #all = new Set<Deadline>();
  #timer: Timer | undefined;

  /** `precision`: how much too late a deadline may be noticed (milliseconds). */
  constructor(readonly precision: number) {}

  /** Calls `late` once, when the time (milliseconds) has passed and nobody has removed or moved the deadline. */
  add(time: number, late: () => void): Deadline {
    const deadline = { at: performance.now() + time, late };
    this.#all.add(deadline);
    this.#timer ??= setInterval(() => this.#check(), this.precision);
    return deadline;
  }

  remove(deadline: Deadline): void {
    this.#all.delete(deadline);
  }

  #check(): void {
    const now = performance.now();
    for (const deadline of this.#all) {
      if (deadline.at > now) continue;
      this.#all.delete(deadline);
      deadline.late();
    }
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
