interface Place<T> {
  readonly thing: T;
  at: number;
}

/**
 * Things that come and go with every request, in no order. A Set would take more time for that than most of what is done
 * for a request: what leaves it stays in its table until that is made anew, again and again.
 */
export class Bag<T> {
  readonly #places: Place<T>[] = [];

  get size(): number {
    return this.#places.length;
  }

  /** Puts a thing in. What is returned takes it out again; a second time it does nothing. */
  add(thing: T): () => void {
    const place = { thing, at: this.#places.length };
    this.#places.push(place);
    return () => this.#remove(place);
  }

  /** The things that are in it now; they may leave meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#places.map(({ thing }) => thing).values();
  }

  #remove(place: Place<T>): void {
    if (this.#places[place.at] !== place) return;
    const last = this.#places.pop() as Place<T>;
    if (last === place) return;
    last.at = place.at;
    this.#places[place.at] = last;
  }
}
