/**
 * A bounded queue between one writer that is pushed at and one reader that pulls: all that is there at once. The writer is asked to wait, not
 * refused, when the reader falls behind: that is how a slow client slows the CLI down.
 */
export class Channel<T> implements AsyncIterableIterator<readonly T[]> {
  #items: T[] = [];
  #closed = false;
  #failure: { error: unknown } | undefined;
  #readable: (() => void) | undefined;
  #writable: PromiseWithResolvers<void> | undefined;

  constructor(readonly limit: number) {}

  /** Queues an item. A promise, when there is one, resolves as soon as the reader has caught up. */
  push(item: T): Promise<void> | undefined {
    if (this.#closed) return undefined;
    this.#items.push(item);
    this.#wakeReader();
    if (this.#items.length < this.limit) return undefined;
    this.#writable ??= Promise.withResolvers();
    return this.#writable.promise;
  }

  /** Ends the queue; what is in it can still be read. */
  close(): void {
    this.#closed = true;
    this.#wakeReader();
    this.#wakeWriter();
  }

  /** Ends the queue with an error that the reader gets after what is queued. The first end counts. */
  fail(error: unknown): void {
    if (this.#closed) return;
    this.#failure = { error };
    this.close();
  }

  async next(): Promise<IteratorResult<readonly T[]>> {
    while (this.#items.length === 0) {
      if (this.#failure) throw this.#failure.error;
      if (this.#closed) return { done: true, value: undefined };
      await new Promise<void>((resolve) => (this.#readable = resolve));
    }
    const value = this.#items;
    this.#items = [];
    this.#wakeWriter();
    return { done: false, value };
  }

  async return(): Promise<IteratorResult<readonly T[]>> {
    this.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #wakeReader(): void {
    this.#readable?.();
    this.#readable = undefined;
  }

  #wakeWriter(): void {
    this.#writable?.resolve();
    this.#writable = undefined;
  }
}
