/** Byte streams for the tests of what reads them. */

import fc from "fast-check";

/** The same bytes, cut at the given places: each is a fraction of the whole length. */
export function cutBytes(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = places.map((place) => Math.floor(place * bytes.length)).sort((a, b) => a - b);
  return [0, ...ends].map((start, n) => bytes.slice(start, ends[n] ?? bytes.length));
}

/** Chunks as they come from a pipe. */
export async function* streamOf(...chunks: (Uint8Array | string)[]): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for (const chunk of chunks) yield typeof chunk === "string" ? encoder.encode(chunk) : chunk;
}

/** Places to cut at, for `cutBytes`. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 20 });
