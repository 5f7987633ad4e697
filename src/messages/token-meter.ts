/** No token is longer, of a word or of what stands between words (UTF-16 units). */
const longestWord = 32;
const longestGap = 128;

/**
 * Counts the tokens of a text that comes in pieces, from below: as many as there must be for any model. A token may hold
 * the blanks before a word and the word itself, but never two words. Only the model's own count is exact; this one is
 * never too high, so what it finds to be over a limit is over it.
 */
export class TokenMeter {
  readonly #limit: number;
  #count = 0;
  /** The length of the word, or of the gap, that the text ends in. */
  #word = 0;
  #gap = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Reads on. Gives the position in the piece at which the text becomes too long. */
  push(piece: string): number | undefined {
    for (let position = 0; position < piece.length; position++) {
      // Blanks beyond ASCII count for letters: fewer words, and so still from below.
      const blank = piece.charCodeAt(position) <= 0x20;
      const begins = blank ? this.#gap + 1 === longestGap : this.#word % longestWord === 0;
      if (begins && this.#count++ === this.#limit) return position;
      this.#word = blank ? 0 : this.#word + 1;
      this.#gap = blank && !begins ? this.#gap + 1 : 0;
    }
    return undefined;
  }

  /** The text is over; what follows is another. */
  reset(): void {
    this.#word = 0;
    this.#gap = 0;
  }
}
