/** A stop sequence in a text, and where in the last piece it ended (UTF-16 units). */
export interface StopMatch {
  stop: string;
  end: number;
}

interface Stop {
  text: string;
  /** For each prefix, the length of the longest shorter prefix that it ends in (Knuth, Morris, Pratt). */
  fallback: readonly number[];
  /** How much of it the text so far ends in. */
  matched: number;
}

/** Looks for stop sequences in a text that comes in pieces: in one pass, however the text is cut. */
export class StopMatcher {
  readonly #stops: readonly Stop[];

  /** `stops` are not empty texts. */
  constructor(stops: readonly string[]) {
    this.#stops = stops.map((text) => ({ text, fallback: fallbackOf(text), matched: 0 }));
  }

  /** How much of the text's end may be the beginning of a stop sequence (UTF-16 units). */
  get pending(): number {
    let most = 0;
    for (const { matched } of this.#stops) if (matched > most) most = matched;
    return most;
  }

  /**
   * Reads on. Of several stop sequences the one that ends first counts, as it would for a model that is stopped while it
   * writes; of those that end together, the longest.
   */
  push(piece: string): StopMatch | undefined {
    if (this.#stops.length === 0) return undefined;
    for (let position = 0; position < piece.length; position++) {
      let found: string | undefined;
      for (const stop of this.#stops) {
        advance(stop, piece.charCodeAt(position));
        if (stop.matched === stop.text.length && stop.text.length > (found?.length ?? 0)) found = stop.text;
      }
      if (found !== undefined) return { stop: found, end: position + 1 };
    }
    return undefined;
  }

  /** The text is over; what follows is another. */
  reset(): void {
    for (const stop of this.#stops) stop.matched = 0;
  }
}

function advance(stop: Stop, unit: number): void {
  const { text, fallback } = stop;
  while (stop.matched > 0 && text.charCodeAt(stop.matched) !== unit) stop.matched = fallback[stop.matched - 1] ?? 0;
  if (text.charCodeAt(stop.matched) === unit) stop.matched++;
}

function fallbackOf(text: string): number[] {
  const fallback = [0];
  let matched = 0;
  for (let position = 1; position < text.length; position++) {
    const unit = text.charCodeAt(position);
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = fallback[matched - 1] ?? 0;
    if (text.charCodeAt(matched) === unit) matched++;
    fallback.push(matched);
  }
  return fallback;
}
