import type { Conversation } from "./conversation.ts";

/** How long conversations are kept (milliseconds). Read where they are needed: they may change. */
export interface ShelfTimes {
  /** For one that waits for the next question. */
  readonly idleTtl: number;
  /** For one that waits for the results of tools. */
  readonly parkTtl: number;
}

/** The conversations that processes hold, by what their next request must continue. Each is here at most once. */
export class Shelf {
  readonly #times: ShelfTimes;
  readonly #kept: () => void;
  /** In the order in which they were put here: the first is the one that was used least recently. */
  readonly #entries = new Map<string, { conversation: Conversation; timer: Timer }>();

  /** `kept` is called for each conversation that comes to rest here: it can be evicted from now on. */
  constructor(times: ShelfTimes, kept: () => void) {
    this.#times = times;
    this.#kept = kept;
  }

  get counts(): { live: number; parked: number } {
    const parked = [...this.#entries.values()].filter(({ conversation }) => conversation.parked).length;
    return { live: this.#entries.size - parked, parked };
  }

  /** Keeps a conversation until it is taken, its time is over or its process gone. Equal ones: the newer stays. */
  put(key: string, conversation: Conversation): void {
    this.take(key)?.end();
    const ttl = conversation.parked ? this.#times.parkTtl : this.#times.idleTtl;
    const timer = setTimeout(() => this.take(key)?.end(), ttl);
    this.#entries.set(key, { conversation, timer });
    conversation.onGone(() => {
      if (this.#entries.get(key)?.conversation === conversation) this.take(key);
    });
    this.#kept();
  }

  /** The conversation that a request with this key continues. It is not here any more. */
  take(key: string): Conversation | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    clearTimeout(entry.timer);
    this.#entries.delete(key);
    return entry.conversation;
  }

  /** Ends the one that was used least recently, those that wait for tools last or not at all. False when there is none. */
  evict(which: "live" | "any"): boolean {
    const entries = [...this.#entries];
    const live = entries.find(([, { conversation }]) => !conversation.parked);
    const [key] = live ?? (which === "any" ? entries[0] : undefined) ?? [];
    if (key === undefined) return false;
    this.take(key)?.end();
    return true;
  }

  close(): void {
    while (this.evict("any"));
  }
}
