import type { Usage } from "../../messages/types.ts";
import { noUsage, updateUsage } from "../../messages/usage.ts";

/** What is kept of an event or a body that has not ended (bytes): usage stands in small ones. */
const most = 1024 ** 2;

const separator = Buffer.from([0x0a, 0x0a]);
const mark = Buffer.from('"usage"');
const content = Buffer.from('"content_block_delta"');
const failure = Buffer.from("event: error\n");
const nothing = new Uint8Array();
const dataField = /^data: ?/;

/** Buffer's, for bytes as they come: to make a Buffer of each chunk takes two objects more. */
const { includes, indexOf, lastIndexOf, toString } = Buffer.prototype;

/** What an answer tells of itself, as far as it does. */
export interface Told {
  readonly model: string | undefined;
  readonly usage: Usage | undefined;
}

const untold: Told = { model: undefined, usage: undefined };

/** Reads the usage of an answer that passes, and changes nothing. Its events may come in any cuts. */
export class UsageObserver {
  #open: Uint8Array = nothing;
  #overflow = false;
  /** What the answer told of itself the first time. */
  #first: Told | undefined;
  /** Where it did so the last time, in JSON. */
  #last: string | undefined;
  /** What they come to; undefined where nobody has asked since the last one. */
  #told: Told | undefined;
  #spoke = false;
  #failure: string | undefined;

  constructor(readonly stream: boolean) {}

  take(chunk: Uint8Array): void {
    const all = this.#open.length === 0 ? chunk : Buffer.concat([this.#open, chunk]);
    if (!this.stream) this.#told = undefined;
    const last = this.stream ? lastIndexOf.call(all, separator) : -1;
    const end = last < 0 ? 0 : last + separator.length;
    // Most often all of it are whole events, and a view of nothing is one too many.
    const whole = end === all.length;
    if (end > 0) {
      this.#read(whole ? all : all.subarray(0, end));
      this.#overflow = false;
    }
    const open = whole ? nothing : all.subarray(end);
    this.#overflow ||= open.length > most;
    this.#open = this.#overflow ? open.subarray(-1) : open;
  }

  /** Whether there is content. */
  get spoke(): boolean {
    return this.#spoke;
  }

  /** The data of the error that the stream ended with; undefined where it did not. */
  get failure(): unknown {
    return this.#failure === undefined ? undefined : (parse(this.#failure) ?? {});
  }

  /** Whether the answer stands between two events: only there can another one be written behind it. */
  get between(): boolean {
    return this.stream && this.#open.length === 0;
  }

  /** What the answer tells of itself, the same object until that is more. Of a body that is no stream, once it is whole. */
  get told(): Told {
    return (this.#told ??= this.#tell());
  }

  #tell(): Told {
    if (!this.stream) return more(untold, toString.call(this.#open));
    const first = this.#first ?? untold;
    return this.#last === undefined ? first : more(first, this.#last);
  }

  /** Keeps what tells of the usage: the last of it to be parsed when somebody asks, as there may be much. */
  #read(bytes: Uint8Array): void {
    this.#spoke ||= includes.call(bytes, content);
    const failed = indexOf.call(bytes, failure);
    // Not in a text: there is no end of a line in JSON.
    if (failed === 0 || bytes[failed - 1] === 0x0a) {
      const [, data = ""] = /^data: ?(.*)/m.exec(toString.call(bytes, "utf8", failed)) ?? [];
      this.#failure = data;
    }
    const last = lastIndexOf.call(bytes, mark);
    if (last < 0) return;
    this.#told = undefined;
    if (this.#first === undefined) {
      const first = indexOf.call(bytes, mark);
      this.#first = more(untold, dataAt(bytes, first));
      if (startOfLine(bytes, first) === startOfLine(bytes, last)) return;
    }
    this.#last = dataAt(bytes, last);
  }
}

/** The data in the line of a place. */
function dataAt(bytes: Uint8Array, place: number): string {
  const end = bytes.indexOf(0x0a, place);
  const line = toString.call(bytes, "utf8", startOfLine(bytes, place), end < 0 ? undefined : end);
  return line.replace(dataField, "");
}

function startOfLine(bytes: Uint8Array, place: number): number {
  return bytes.lastIndexOf(0x0a, place) + 1;
}

/** An event, or a whole answer, as far as it is read here. */
interface Telling {
  type?: string;
  model?: unknown;
  usage?: unknown;
  message?: { model?: unknown; usage?: unknown };
}

/** What is told with a telling more. */
function more({ model, usage }: Told, json: string): Told {
  const telling = (parse(json) ?? {}) as Telling;
  const update = usageOf(telling);
  return {
    model: model ?? modelOf(telling),
    usage: update === undefined ? usage : updateUsage(usage ?? noUsage, update),
  };
}

function modelOf({ type, model, message }: Telling): string | undefined {
  const told = type === "message" ? model : message?.model;
  return typeof told === "string" ? told : undefined;
}

function usageOf({ type, usage, message }: Telling): Partial<Usage> | undefined {
  if (type !== "message_start" && type !== "message_delta" && type !== "message") return undefined;
  const told = type === "message_start" ? message?.usage : usage;
  return typeof told === "object" && told !== null ? told : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
