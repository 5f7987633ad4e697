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
export function formatSseLine(data: string, event?: string): string {
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
  const reader = new SseReader(maxEvent);
  for await (const chunk of bytes) {
    const messages: SseMessage[] = [];
    try {
      reader.read(chunk, (data, event) => messages.push(event === "" ? { data } : { event, data }));
    } catch (error) {
      if (messages.length > 0) yield messages;
      throw error;
    }
    if (messages.length > 0) yield messages;
  }
}

/** What is done with a message; without a name it is of the event "". */
type Take = (data: string, event: string) => void;

/** Bytes in chunks → messages. A line that is open grows as a rope, so it is linear also over many chunks. */
export class SseReader {
  readonly #maxEvent: number;
  readonly #decoder = new TextDecoder();
  #open = "";
  #openBytes = 0;
  #afterReturn = false;
  #event = "";
  #data: string | undefined;
  #dataBytes = 0;

  /** `maxEvent`: the most bytes that one message may have; `read` throws an `upstream` error at a larger one. */
  constructor(maxEvent: number) {
    this.#maxEvent = maxEvent;
  }

  /** Takes the messages that a chunk ends. */
  read(chunk: Uint8Array, take: Take): void {
    const piece = this.#decoder.decode(chunk, { stream: true });
    if (piece === "") return;
    const text = piece.includes("\r") ? piece.replaceAll(lineEnds, "\n") : piece;
    // A CR at the end of a piece has ended its line already; the LF that may follow belongs to it.
    let from = this.#afterReturn && piece.startsWith("\n") ? 1 : 0;
    this.#afterReturn = piece.endsWith("\r");

    // Lines are looked at where they stand: to cut them out first takes as long again.
    for (let end = text.indexOf("\n", from); end >= 0; end = text.indexOf("\n", from)) {
      if (this.#open === "") this.#read(text, from, end, take);
      else this.#readOpen(text.slice(from, end), take);
      from = end + 1;
    }
    const rest = text.slice(from);
    this.#open += rest;
    this.#openBytes += Buffer.byteLength(rest);
    this.#limit(this.#openBytes);
  }

  /** The line that is open, with its end. */
  #readOpen(end: string, take: Take): void {
    const line = this.#open + end;
    this.#open = "";
    this.#openBytes = 0;
    this.#read(line, 0, line.length, take);
  }

  /** A line of a text. */
  #read(text: string, from: number, to: number, take: Take): void {
    if (from === to) return this.#end(take);
    const data = valueOf("data", text, from, to);
    if (data !== undefined) {
      // What is in front of it is ASCII.
      const bytes = to - from - data.length + Buffer.byteLength(data);
      this.#limit(bytes);
      this.#dataBytes += bytes;
      this.#data = this.#data === undefined ? data : `${this.#data}\n${data}`;
      return;
    }
    // No unit of a text takes more than three bytes: what is short need not be counted.
    if (this.#dataBytes + (to - from) * 3 > this.#maxEvent) this.#limit(Buffer.byteLength(text.slice(from, to)));
    this.#event = valueOf("event", text, from, to) ?? this.#event;
  }

  #end(take: Take): void {
    const data = this.#data;
    const event = this.#event;
    this.#event = "";
    this.#data = undefined;
    this.#dataBytes = 0;
    if (data !== undefined) take(data, event);
  }

  #limit(bytes: number): void {
    if (this.#dataBytes + bytes <= this.#maxEvent) return;
    throw new ProxyError("upstream", `The upstream sent an event of more than ${this.#maxEvent} bytes.`);
  }
}

const colon = ":".charCodeAt(0);
const space = " ".charCodeAt(0);

/** What a line says of a field; undefined where it is of another, or a comment. Without a colon it says nothing: "". */
function valueOf(field: string, text: string, from: number, to: number): string | undefined {
  if (!text.startsWith(field, from)) return undefined;
  const at = from + field.length;
  if (at === to) return "";
  if (text.charCodeAt(at) !== colon) return undefined;
  return text.slice(text.charCodeAt(at + 1) === space ? at + 2 : at + 1, to);
}
