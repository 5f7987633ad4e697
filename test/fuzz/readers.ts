/** Any bytes in any pieces are the same records as in one piece, up to the same end, and no line is kept beyond its limit. */

import { expect } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../src/error.ts";
import { readLines } from "../../src/wire/ndjson.ts";
import { readSse } from "../../src/wire/sse.ts";
import { cutBytes, cuts, streamOf } from "../support/bytes.ts";
import { flat } from "../support/flat.ts";

const limit = 4000;

const fragment = fc.oneof(
  fc.constantFrom(
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "data: ",
    "data",
    "event:",
    "event: a\n",
    "id: 1\n",
    ": ",
    "\ufeff",
    "\0",
  ),
  fc.constantFrom('{"a":1}', "[", "null", '"é😀"', '"\\ud800"', "1e400", "x".repeat(limit - 6), "é".repeat(limit / 2)),
  fc.json(),
  fc.string({ unit: "binary" }),
  fc.uint8Array({ maxLength: 8 }),
);

/** Bytes that are nearly lines, or nearly events, and where they are cut. */
export const pieces = fc.record({
  bytes: fc
    .array(fragment, { maxLength: 40 })
    .map((parts) => Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)))),
  places: cuts,
});

type Bytes = Uint8Array<ArrayBuffer>;

export async function expectSameRecords({ bytes, places }: { bytes: Bytes; places: number[] }): Promise<void> {
  for (const read of [lines, events]) {
    const whole = await read([bytes]);
    expect(await read(cutBytes(bytes, places))).toEqual(whole);
    expect(await read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  }
}

const lines = (chunks: Uint8Array[]) => {
  const noise: string[] = [];
  const values = flat(readLines(streamOf(...chunks), { maxLine: limit, onNoise: (text) => void noise.push(text) }));
  return outcome(values, noise);
};

const events = (chunks: Uint8Array[]) => outcome(flat(readSse(streamOf(...chunks), { maxEvent: limit })));

/** All that is read, and how it ended. */
async function outcome(records: AsyncIterable<unknown>, noise: string[] = []) {
  const read: unknown[] = [];
  try {
    for await (const record of records) read.push(record);
    return { read, noise };
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return { read, noise, error: error.message };
  }
}
