import type { Conversation } from "./conversation.ts";

/** Read where they are needed: they may change. */
export interface ShelfOptions {
  /** How long a conversation is kept that waits for the next question (milliseconds). */
  idleTtl: number;
  /** How long one is kept that waits for the results of tools. */
  parkTtl: number;
  /** Told of each conversation that comes to rest here: it can be evicted from now on. */
  kept(): void;
}

/** The conversations that processes hold, by what their next request must continue. Each is here at most once. */
export class Shelf {
  readonly #options: ShelfOptions;
  /** In the order in which they were put here: the first is the one that was used least recently. */
  readonly #kept = new Map<string, { conversation: Conversation; timer: Timer }>();

  constructor(options: ShelfOptions) {
    this.#options = options;
  }

  get counts(): { live: number; parked: number } {
    const parked = [...this.#kept.values()].filter(({ conversation }) => conversation.parked).length;
    return { live: this.#kept.size - parked, parked };
  }

  /** Keeps a conversation until it is taken, its time is over or its process gone. Equal ones: the newer stays. */
  put(key: string, conversation: Conversation): void {
    this.take(key)?.end();
    const ttl = conversation.parked ? this.#options.parkTtl : this.#options.idleTtl;
    const timer = setTimeout(() => this.take(key)?.end(), ttl);
    this.#kept.set(key, { conversation, timer });
    conversation.onGone(() => {
      if (this.#kept.get(key)?.conversation === conversation) this.take(key);
    });
    this.#options.kept();
  }

  /** The conversation that a request with this key continues. It is not here any more. */
  take(key: string): Conversation | undefined {
    const entry = this.#kept.get(key);
    if (!entry) return undefined;
    clearTimeout(entry.timer);
    this.#kept.delete(key);
    return entry.conversation;
  }

  /** Ends the one that was used least recently, those that wait for tools last or not at all. False when there is none. */
  evict(which: "live" | "any"): boolean {
    const entries = [...this.#kept];
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
