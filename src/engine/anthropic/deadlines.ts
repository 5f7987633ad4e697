import { Bag } from "../../bag.ts";

/** A moment at which something is over, in milliseconds of `performance.now()`. It may be moved, and called off. */
export interface Deadline {
  at: number;
  end(): void;
}

interface Kept extends Deadline {
  late(): void;
}

/** The deadlines of many requests on one timer: one each would cost more than anything else on a request's way. */
export class Deadlines {
  readonly #all = new Bag<Kept>();
  #timer: Timer | undefined;

  /** `precision`: how much too late a deadline may be noticed (milliseconds). */
  constructor(readonly precision: number) {}

  /** Calls `late` once, when the time (milliseconds) has passed and nobody has ended or moved the deadline. */
  add(time: number, late: () => void): Deadline {
    const deadline: Kept = { at: performance.now() + time, late, end: () => {} };
    deadline.end = this.#all.add(deadline);
    this.#timer ??= setInterval(() => this.#check(), this.precision);
    return deadline;
  }

  #check(): void {
    const now = performance.now();
    for (const deadline of this.#all) {
      if (deadline.at > now) continue;
      deadline.end();
      deadline.late();
    }
    if (this.#all.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
