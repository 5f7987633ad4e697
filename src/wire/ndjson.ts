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
  const { maxLine } = options;
  const open = new OpenLine();
  let values: unknown[] = [];
  const parseLines = (text: string) => {
    for (const line of text.split("\n")) {
      const value = parse(line, options);
      if (value !== undefined) values.push(value);
    }
  };
  const takeLines = (lines: Uint8Array) => {
    // All at once: one by one, decoding would take as long as parsing.
    if (lines.length <= maxLine) return parseLines(utf8.decode(lines));
    for (let from = 0, to = 0; to < lines.length; from = to + 1) {
      const end = lines.indexOf(lineFeed, from);
      to = end < 0 ? lines.length : end;
      // Not of the text: that has three bytes for one that is none of a text.
      if (to - from > maxLine) throw tooLong(maxLine);
      parseLines(utf8.decode(lines.subarray(from, to)));
    }
  };
  for await (const chunk of bytes) {
    const end = chunk.lastIndexOf(lineFeed);
    try {
      if (end === -1) open.add(chunk);
      else {
        takeLines(open.end(chunk.subarray(0, end)));
        open.add(chunk.subarray(end + 1));
      }
      if (open.length > maxLine) throw tooLong(maxLine);
    } catch (error) {
      if (values.length > 0) yield values;
      throw error;
    }
    if (values.length > 0) yield values;
    values = [];
  }
  takeLines(open.end());
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
  length = 0;
  private pieces: Uint8Array[] = [];

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    this.pieces.push(piece);
  }

  /** The line with its last piece, and what follows it there. */
  end(last: Uint8Array = new Uint8Array()): Uint8Array {
    if (this.pieces.length === 0) return last;
    const whole = Buffer.concat([...this.pieces, last], this.length + last.length);
    this.pieces = [];
    this.length = 0;
    return whole;
  }
}

function tooLong(most: number): ProxyError {
  return new ProxyError("upstream", `The upstream sent a line of more than ${most} bytes.`);
}

/** The value of a line; undefined, which no JSON stands for, when the line is blank or noise. */
function parse(line: string, options: LineOptions): unknown {
  if (line === "") return undefined;
  try {
    return JSON.parse(line);
  } catch {
    if (line.trim() !== "") options.onNoise?.(line.slice(0, noiseLength));
    return undefined;
  }
}
