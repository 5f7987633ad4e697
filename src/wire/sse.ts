/** Server-sent events: bytes ⇄ messages, as the HTML standard defines them. */

import { ProxyError } from "../error.ts";

const lineEnd = /\r\n|\r|\n/;
const lineEnds = /\r\n|\r|\n/g;

export interface SseMessage {
  event?: string;
  data: string;
}

/** A message as one frame. LF only and a space after the colon: both are needed by readers that simplify the standard. */
export function formatSse({ event, data }: SseMessage): string {
  if (event !== undefined && lineEnd.test(event)) {
    throw new TypeError(`Cannot format an event: its name ${JSON.stringify(event)} has a line break`);
  }
  const name = event === undefined ? "" : `event: ${event}\n`;
  return `${name}data: ${data.replaceAll(lineEnds, "\ndata: ")}\n\n`;
}

/** A comment, which every reader ignores: it keeps a silent connection open. */
export function formatComment(text: string): string {
  return `: ${text.replaceAll(lineEnds, "\n: ")}\n\n`;
}

export interface SseOptions {
  /** The most bytes that one message may have; a larger one ends the reading with an `upstream` error. */
  maxEvent: number;
}

/**
 * The messages of an event stream, whatever the cuts between the chunks. Comments, `id` and `retry` are ignored; a
 * message without its closing blank line was cut off, and is dropped.
 */
export async function* readSse(
  bytes: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
  { maxEvent }: SseOptions,
): AsyncGenerator<SseMessage> {
  const decoder = new TextDecoder();
  const lines = new LineSplitter();
  let event: string | undefined;
  let data: string[] = [];
  let dataBytes = 0;

  const limit = (lineBytes: number): void => {
    if (dataBytes + lineBytes <= maxEvent) return;
    throw new ProxyError("upstream", `The upstream sent an event of more than ${maxEvent} bytes.`);
  };

  for await (const chunk of bytes) {
    for (const line of lines.push(decoder.decode(chunk, { stream: true }))) {
      if (line === "") {
        if (data.length > 0) yield { ...(event && { event }), data: data.join("\n") };
        event = undefined;
        data = [];
        dataBytes = 0;
        continue;
      }
      const lineBytes = Buffer.byteLength(line);
      limit(lineBytes);
      const { field, value } = parseField(line);
      if (field === "event") event = value;
      if (field === "data") {
        data.push(value);
        dataBytes += lineBytes;
      }
    }
    limit(lines.openBytes);
  }
}

/** Text in pieces → whole lines. The open line grows as a rope, so it is linear also over many pieces. */
class LineSplitter {
  openBytes = 0;
  private open = "";
  private afterReturn = false;

  push(piece: string): string[] {
    if (piece === "") return [];
    // A CR at the end of a piece has ended its line already; the LF that may follow belongs to it.
    const lines = (this.afterReturn && piece.startsWith("\n") ? piece.slice(1) : piece).split(lineEnd);
    this.afterReturn = piece.endsWith("\r");

    const rest = lines.pop() ?? "";
    const [first] = lines;
    if (first === undefined) {
      this.open += rest;
      this.openBytes += Buffer.byteLength(rest);
    } else {
      lines[0] = this.open + first;
      this.open = rest;
      this.openBytes = Buffer.byteLength(rest);
    }
    return lines;
  }
}

/** A line's field and value; a comment is a field without a name. */
function parseField(line: string): { field: string; value: string } {
  const colon = line.indexOf(":");
  if (colon === -1) return { field: line, value: "" };
  return { field: line.slice(0, colon), value: line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1) };
}
