import type { Way } from "../engine.ts";

/** How a request is served, and what it costs, as far as that is known. */
export class Served {
  way: Way = "cold";
  warnings: readonly string[] = [];
  #spent: number | undefined;
  #priced: Promise<unknown> | undefined;

  /** More was reported (USD). */
  spend(usd: number | undefined): void {
    if (usd !== undefined) this.#spent = (this.#spent ?? 0) + usd;
  }

  /** What is reported yet comes before then. */
  until(priced: Promise<unknown>): void {
    this.#priced = priced;
  }

  async cost(): Promise<number | undefined> {
    await this.#priced?.catch(() => {});
    return this.#spent;
  }
}
