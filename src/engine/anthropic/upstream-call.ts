import { nowhere, type Placed } from "../../bag.ts";
import { ProxyError } from "../../error.ts";
import type { Rounds } from "../../rounds.ts";

/** How long the upstream may be silent (milliseconds). Read where they are needed: they may change. */
export interface SilenceLimits {
  /** Before the head of its answer. */
  readonly firstByteTimeout: number;
  /** In the middle of its answer. */
  readonly stallTimeout: number;
}

/** How long a request lasts: by its signal, and until something aborts it. */
export type Patience = Pick<AbortController, "signal" | "abort">;

/** A request to the upstream and its answer. Its time runs where it is the upstream's turn. */
export class UpstreamCall implements Placed {
  place = nowhere;
  /** When it is too late (of `performance.now()`). */
  #deadline = Infinity;
  #response: Response | undefined;

  constructor(
    readonly clock: Rounds<UpstreamCall>,
    readonly limits: SilenceLimits,
    readonly patience: Patience,
  ) {}

  /** The answer, once its head is there. */
  get response(): Response {
    if (this.#response === undefined) throw new Error("There is no answer yet.");
    return this.#response;
  }

  /** The request is on its way. */
  asked(): void {
    this.#deadline = performance.now() + this.limits.firstByteTimeout;
    this.clock.add(this);
  }

  answered(response: Response): void {
    this.#response = response;
    this.#deadline = Infinity;
  }

  /** Waits for a part of the body, as long as the upstream may be silent. What the client takes its time for is no silence. */
  async read<T>(part: Promise<T>): Promise<T> {
    this.#deadline = performance.now() + this.limits.stallTimeout;
    try {
      return await part;
    } finally {
      this.#deadline = Infinity;
    }
  }

  /** The body is whole, or nobody reads it any more. */
  end(): void {
    this.clock.delete(this);
  }

  /** Aborts it where it is too late. */
  check(now: number): void {
    if (now < this.#deadline) return;
    const { firstByteTimeout, stallTimeout } = this.limits;
    const sentence =
      this.#response === undefined
        ? `The upstream did not begin to answer within ${firstByteTimeout / 1000} s.`
        : `The upstream was silent for ${stallTimeout / 1000} s in the middle of its answer.`;
    this.patience.abort(new ProxyError("timeout", sentence));
  }
}
