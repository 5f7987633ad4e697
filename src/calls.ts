/**
 * The calls that run: each one's signal aborts when its client goes, and all of them with Sluice. Not by AbortSignal.any:
 * a signal that lives as long as Sluice does would keep every call that ever hung on it.
 */
export class Calls {
  readonly #open = new Set<AbortController>();
  #over = false;

  /** The controller of a call, until it is closed. */
  open(client: AbortSignal): AbortController {
    const call = new AbortController();
    this.#open.add(call);
    if (this.#over || client.aborted) call.abort();
    else client.addEventListener("abort", () => call.abort(), { once: true });
    return call;
  }

  close(call: AbortController): void {
    this.#open.delete(call);
  }

  /** Aborts what runs, and what is yet to come. */
  abort(): void {
    this.#over = true;
    for (const call of this.#open) call.abort();
    this.#open.clear();
  }

  get count(): number {
    return this.#open.size;
  }
}
