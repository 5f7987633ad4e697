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
  return `${name}data: ${withPrefix(data, "data: ")}\n\n`;
}

/** The same of what has no line break, such as JSON: to look for one would take as long as all else. */
export function formatSseLine({ event, data }: SseMessage): string {
  return event === undefined ? `data: ${data}\n\n` : `event: ${event}\ndata: ${data}\n\n`;
}

/** A comment, which every reader ignores: it keeps a silent connection open. */
export function formatComment(text: string): string {
  return `: ${withPrefix(text, ": ")}\n\n`;
}

/** A text whose further lines have what the first has in front of it. */
function withPrefix(text: string, prefix: string): string {
  return lineEnd.test(text) ? text.replaceAll(lineEnds, `\n${prefix}`) : text;
}

export interface SseOptions {
  /** The most bytes that one message may have; a larger one ends the reading with an `upstream` error. */
  maxEvent: number;
}

/**
 * The messages of an event stream, whatever the cuts between the chunks; those that one chunk ends come together. Comments, `id` and `retry` are ignored; a
 * message without its closing blank line was cut off, and is dropped.
 */
export async function* readSse(
  bytes: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>,
  { maxEvent }: SseOptions,
): AsyncGenerator<readonly SseMessage[]> {
  const decoder = new TextDecoder();
  const reader = new MessageReader(maxEvent);
  for await (const chunk of bytes) {
    const messages: SseMessage[] = [];
    try {
      reader.read(decoder.decode(chunk, { stream: true }), messages);
    } catch (error) {
      if (messages.length > 0) yield messages;
      throw error;
    }
    if (messages.length > 0) yield messages;
  }
}

/** Text in pieces → messages. */
class MessageReader {
  readonly #maxEvent: number;
  readonly #lines = new LineSplitter();
  #event = "";
  #data: string | undefined;
  #dataBytes = 0;

  constructor(maxEvent: number) {
    this.#maxEvent = maxEvent;
  }

  /** Adds the messages that a piece ends. */
  read(piece: string, messages: SseMessage[]): void {
    for (const line of this.#lines.push(piece)) {
      if (line === "") this.#end(messages);
      else this.#read(line);
    }
    this.#limit(this.#lines.openBytes);
  }

  #read(line: string): void {
    const data = valueOf("data", line);
    if (data !== undefined) {
      const bytes = Buffer.byteLength(line);
      this.#limit(bytes);
      this.#dataBytes += bytes;
      this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
      return;
    }
    // No unit of a text takes more than three bytes: what is short need not be counted.
    if (this.#dataBytes + line.length * 3 > this.#maxEvent) this.#limit(Buffer.byteLength(line));
    this.#event = valueOf("event", line) ?? this.#event;
  }

  #end(messages: SseMessage[]): void {
    const data = this.#data;
    if (data !== undefined) messages.push(this.#event === "" ? { data } : { event: this.#event, data });
    this.#event = "";
    this.#data = undefined;
    this.#dataBytes = 0;
  }

  #limit(bytes: number): void {
    if (this.#dataBytes + bytes <= this.#maxEvent) return;
    throw new ProxyError("upstream", `The upstream sent an event of more than ${this.#maxEvent} bytes.`);
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
    const begun = this.afterReturn && piece.startsWith("\n") ? piece.slice(1) : piece;
    // A pattern takes many times as long.
    const lines = begun.split(begun.includes("\r") ? lineEnd : "\n");
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

/** What a line says of a field; undefined where it is of another, or a comment. Without a colon it says nothing: "". */
function valueOf(field: string, line: string): string | undefined {
  if (!line.startsWith(field)) return undefined;
  const colon = field.length;
  if (line.length === colon) return "";
  if (line[colon] !== ":") return undefined;
  return line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
}
