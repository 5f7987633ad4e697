/** Something that may be in a bag: its place there, which only the bag writes. */
export interface Placed {
  place: number;
}

/** The place of what is in no bag. */
export const nowhere = -1;

/**
 * Things that come and go with every request, in no order, each in one bag at most. A Set would take more time for that
 * than most of what is done for a request: what leaves it stays in its table until that is made anew, again and again.
 */
export class Bag<T extends Placed> {
  readonly #things: T[] = [];

  get size(): number {
    return this.#things.length;
  }

  add(thing: T): void {
    thing.place = this.#things.push(thing) - 1;
  }

  /** Does nothing where it is not in the bag. */
  delete(thing: T): void {
    const { place } = thing;
    if (this.#things[place] !== thing) return;
    thing.place = nowhere;
    const last = this.#things.pop() as T;
    if (last === thing) return;
    last.place = place;
    this.#things[place] = last;
  }

  /** The things that are in it now; they may leave meanwhile. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#things.slice().values();
  }
}
