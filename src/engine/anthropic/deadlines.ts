import { Bag, type Placed } from "../../bag.ts";

/** Something that must be over at a time, in milliseconds of `performance.now()`. That may be moved. */
export interface Deadline extends Placed {
  at: number;
  /** Called once, when the time has passed. */
  late(): void;
}

/** The deadlines of many requests on one timer: one each would cost more than anything else on a request's way. */
export class Deadlines {
  readonly #all = new Bag<Deadline>();
  #timer: Timer | undefined;

  /** `precision`: how much too late a deadline may be noticed (milliseconds). */
  constructor(readonly precision: number) {}

  add(deadline: Deadline): void {
    this.#all.add(deadline);
    this.#timer ??= setInterval(() => this.#check(), this.precision);
  }

  /** It was met. */
  delete(deadline: Deadline): void {
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
