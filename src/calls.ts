import { Bag } from "./bag.ts";

/** How long a call may last: until somebody aborts it. It is closed when nobody has to any more. */
export interface OpenCall extends Pick<AbortController, "signal" | "abort"> {
  close(): void;
}

/**
 * The calls that run: each one's signal aborts when its client goes, and all of them with Sluice. Not by AbortSignal.any:
 * a signal that lives as long as Sluice does would keep every call that ever hung on it.
 */
export class Calls {
  readonly #open = new Bag<AbortController>();
  #over = false;

  open(client: AbortSignal): OpenCall {
    const call = new AbortController();
    const close = this.#open.add(call);
    const abort = (reason?: unknown) => call.abort(reason);
    if (this.#over || client.aborted) abort();
    else client.addEventListener("abort", () => abort());
    return { signal: call.signal, abort, close };
  }

  /** Aborts what runs, and what is yet to come. */
  abort(): void {
    this.#over = true;
    for (const call of this.#open) call.abort();
  }
}
