import type { Way } from "../engine.ts";

/** How a request is served, and what it costs, as far as that is known. */
export class Served {
  way: Way = "cold";
  warnings: readonly string[] = [];
  #spent: number | undefined;
  #settled: Promise<void> | undefined;

  /** More was reported (USD). */
  spend(usd: number): void {
    this.#spent = (this.#spent ?? 0) + usd;
  }

  /** What is reported yet comes before then. */
  until(settled: Promise<void>): void {
    this.#settled = settled;
  }

  async cost(): Promise<number | undefined> {
    await this.#settled?.catch(() => {});
    return this.#spent;
  }
}
