import { ProcessLost } from "./process.ts";

/** Tells when nothing was heard for a time. */
export class Watchdog {
  #heard = performance.now();
  readonly #timer: Timer;

  constructor(timeout: number, stalled: (error: ProcessLost) => void) {
    this.#timer = setInterval(() => {
      const silence = performance.now() - this.#heard;
      if (silence < timeout) return;
      this.stop();
      stalled(new ProcessLost("timeout", `Claude Code was silent for ${Math.round(silence / 1000)} s and was ended.`));
    }, timeout / 10);
  }

  feed(): void {
    this.#heard = performance.now();
  }

  /** Counts no silence until then: it is the client that reads nothing, and so nobody who listens to the CLI. */
  rest(until: Promise<void>): void {
    this.#heard = Infinity;
    void until.then(() => this.feed());
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
