import type { Usage } from "../../messages/types.ts";
import { completeUsage, updateUsage } from "../../messages/usage.ts";

/** What is kept of an event or a body that has not ended (bytes): usage stands in small ones. */
const most = 1024 ** 2;

const separator = Buffer.from([0x0a, 0x0a]);
const mark = Buffer.from('"usage"');
const nothing = Buffer.alloc(0);

/** Reads the usage of an answer that passes, and changes nothing. Its events may come in any cuts. */
export class UsageObserver {
  #open: Buffer = nothing;
  #overflow = false;
  #usage: Usage | undefined;

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
  }

  /** Whether the answer stands between two events: only there can another one be written behind it. */
  get between(): boolean {
    return this.stream && this.#open.length === 0;
  }

  /** The usage as far as it was told; undefined where nothing was. Of a body that is no stream, once it is whole. */
  get usage(): Usage | undefined {
    if (!this.stream) this.#told(parse(this.#open.toString()));
    return this.#usage;
  }

  #read(bytes: Buffer): void {
    for (let at = bytes.indexOf(mark); at >= 0;) {
      const start = bytes.lastIndexOf(0x0a, at) + 1;
      const end = bytes.indexOf(0x0a, at);
      const line = bytes.toString("utf8", start, end < 0 ? undefined : end);
      this.#told(parse(line.replace(/^data: ?/, "")));
      at = end < 0 ? -1 : bytes.indexOf(mark, end);
    }
  }

  #told(value: unknown): void {
    const { type, usage, message } = (value ?? {}) as { type?: string; usage?: unknown; message?: { usage?: unknown } };
    const told =
      type === "message_start" ? message?.usage : type === "message_delta" || type === "message" ? usage : undefined;
    if (typeof told !== "object" || told === null) return;
    this.#usage = this.#usage === undefined ? completeUsage(told) : updateUsage(this.#usage, told);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
