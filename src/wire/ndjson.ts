/** Newline-delimited JSON: bytes ⇄ values. */

import { ProxyError } from "../error.ts";

const lineFeed = 0x0a;
const noiseLength = 500;

// A byte order mark belongs to the start of a stream, and a line is none: one that begins with U+FEFF is noise.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

export interface LineOptions {
  /** The longest line, in bytes without its line feed; a longer one ends the reading with an `upstream` error. */
  maxLine: number;
  /** Told of every line that is no JSON, cut to a length that suits a log. */
  onNoise?(text: string): void;
}

/**
 * The values of newline-delimited JSON, whatever the cuts between the chunks; those that one chunk ends come together. Blank lines and lines that are not JSON
 * are skipped, CR LF is tolerated, the last line needs no line feed.
 *
 * One `JSON.parse` per line: `Bun.JSONL.parseChunk` was at best 0.3 µs a line faster, on ASCII, and slower on long
 * lines; and it takes `{}x` for a value.
 */
export async function* readLines(
  bytes: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
  options: LineOptions,
): AsyncGenerator<readonly unknown[]> {
  const line = new OpenLine(options.maxLine);
  let values: unknown[] = [];
  const take = () => {
    const value = parse(line.take(), options);
    if (value !== undefined) values.push(value);
  };
  for await (const chunk of bytes) {
    try {
      let start = 0;
      for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
        line.add(chunk.subarray(start, end));
        start = end + 1;
        take();
      }
      line.add(chunk.subarray(start));
    } catch (error) {
      if (values.length > 0) yield values;
      throw error;
    }
    if (values.length > 0) yield values;
    values = [];
  }
  take();
  if (values.length > 0) yield values;
}

/**
 * A value as one line of JSON with its line feed. U+2028 and U+2029 are escaped: JSON allows them as they are, but some
 * readers end a line at them.
 */
export function formatLine(value: unknown): string {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`Cannot write a line: a ${typeof value} has no JSON form`);
  return `${json.replace(/[\u2028\u2029]/g, (separator) => (separator === "\u2028" ? "\\u2028" : "\\u2029"))}\n`;
}

/** The line that is being read. Keeps the pieces and joins them once: linear also when one line spans many chunks. */
class OpenLine {
  private pieces: Uint8Array[] = [];
  private length = 0;

  constructor(private readonly maxLength: number) {}

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    if (this.length > this.maxLength) {
      throw new ProxyError("upstream", `The upstream sent a line of more than ${this.maxLength} bytes.`);
    }
    this.pieces.push(piece);
  }

  take(): Uint8Array {
    const [first, ...others] = this.pieces;
    const length = this.length;
    this.pieces = [];
    this.length = 0;
    if (first === undefined) return new Uint8Array();
    return others.length === 0 ? first : Buffer.concat([first, ...others], length);
  }
}

/** The value of a line; undefined, which no JSON stands for, when the line is blank or noise. */
function parse(line: Uint8Array, options: LineOptions): unknown {
  if (line.length === 0) return undefined;
  const text = utf8.decode(line);
  try {
    return JSON.parse(text);
  } catch {
    if (text.trim() !== "") options.onNoise?.(text.slice(0, noiseLength));
    return undefined;
  }
}
