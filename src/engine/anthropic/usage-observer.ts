import type { Usage } from "../../messages/types.ts";
import { completeUsage, updateUsage } from "../../messages/usage.ts";

/** What is kept of an event or a body that has not ended (bytes): usage stands in small ones. */
const most = 1024 ** 2;

const separator = Buffer.from([0x0a, 0x0a]);
const mark = Buffer.from('"usage"');
const content = Buffer.from('"content_block_delta"');
const failure = Buffer.from("event: error\n");
const nothing = Buffer.alloc(0);

/** What an answer tells of itself, as far as it does. */
export interface Told {
  model: string | undefined;
  usage: Usage | undefined;
}

/** Reads the usage of an answer that passes, and changes nothing. Its events may come in any cuts. */
export class UsageObserver {
  #open: Buffer = nothing;
  #overflow = false;
  /** Where it does so: the first time, and the last one. */
  readonly #tellings: string[] = [];
  /** What they come to; undefined where nobody has asked since the last one. */
  #told: Told | undefined;
  #spoke = false;
  #failure: string | undefined;

  constructor(readonly stream: boolean) {}

  take(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const all = this.#open.length === 0 ? bytes : Buffer.concat([this.#open, bytes]);
    const end = this.stream ? all.lastIndexOf(separator) + 1 : 0;
    if (end > 0) {
      this.#read(all.subarray(0, end));
      this.#overflow = false;
    }
    const open = all.subarray(end === 0 ? 0 : end + 1);
    this.#overflow ||= open.length > most;
    this.#open = this.#overflow ? open.subarray(-1) : open;
    if (!this.stream) this.#told = undefined;
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
    return (this.#told ??= readTellings(this.stream ? this.#tellings : [this.#open.toString()]));
  }

  /** Keeps what tells of the usage, to be parsed when somebody asks. */
  #read(bytes: Buffer): void {
    this.#spoke ||= bytes.includes(content);
    const failed = bytes.indexOf(failure);
    // Not in a text: there is no end of a line in JSON.
    if (failed === 0 || bytes[failed - 1] === 0x0a) {
      const [, data = ""] = /^data: ?(.*)/m.exec(bytes.toString("utf8", failed)) ?? [];
      this.#failure = data;
    }
    for (let at = bytes.indexOf(mark); at >= 0;) {
      const end = bytes.indexOf(0x0a, at);
      const line = bytes.toString("utf8", bytes.lastIndexOf(0x0a, at) + 1, end < 0 ? undefined : end);
      if (this.#tellings.push(line.replace(/^data: ?/, "")) > 2) this.#tellings.splice(1, 1);
      this.#told = undefined;
      at = end < 0 ? -1 : bytes.indexOf(mark, end);
    }
  }
}

/** An event, or a whole answer, as far as it is read here. */
interface Telling {
  type?: string;
  model?: unknown;
  usage?: unknown;
  message?: { model?: unknown; usage?: unknown };
}

function readTellings(tellings: readonly string[]): Told {
  const told: Told = { model: undefined, usage: undefined };
  for (const json of tellings) {
    const telling = (parse(json) ?? {}) as Telling;
    told.model ??= modelOf(telling);
    const usage = usageOf(telling);
    if (usage !== undefined)
      told.usage = told.usage === undefined ? completeUsage(usage) : updateUsage(told.usage, usage);
  }
  return told;
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
