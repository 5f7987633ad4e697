/** Things that come together, one by one. */
export async function* flat<T>(source: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const things of source) yield* things;
}
