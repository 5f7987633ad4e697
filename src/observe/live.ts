/** The requests that run and the last ones, told to the pages that watch. Numbers and names; no text of a request. */

import { type ErrorKind, ProxyError } from "../error.ts";
import { formatComment, formatSse } from "../wire/sse.ts";
import type { RequestRecord, RequestWatcher } from "./request.ts";

/** A failure that a person may want to do something about. */
export interface LiveError {
  readonly id: string;
  readonly at: number;
  readonly api: string;
  readonly client: string;
  readonly model: string;
  readonly kind: ErrorKind;
  readonly status: number;
  /** As the log has it; "" where an upstream answered, whose words are the client's. */
  readonly message: string;
}

/** How long the last answers took: how many fell between each bound and the next (milliseconds). */
export interface LiveLatency {
  readonly bounds: readonly number[];
  readonly first: LiveTimes;
  readonly whole: LiveTimes;
}

export interface LiveTimes {
  readonly counts: readonly number[];
  readonly median: number | undefined;
  /** 95 of 100 are no longer. */
  readonly p95: number | undefined;
}

/** What `/live` sends: an event a part, named by it, whenever the part has changed. */
export interface LiveState {
  hello: { version: string; mode: string; started: number; now: number };
  requests: {
    running: readonly RequestRecord[];
    /** Those that run and are not listed. */
    more: number;
    /** Newest first. */
    recent: readonly RequestRecord[];
    /** About as many tokens have been written since the start. */
    written: number;
  };
  errors: readonly LiveError[];
  latency: LiveLatency;
}

/** A part that is asked for while somebody watches. */
export type LiveSource = () => unknown;

/** How often is looked for what has changed, and how often the sources are asked (milliseconds). */
const beat = 250;
const slowBeat = 1_000;

/** A stream says something after so much silence (milliseconds). */
const longestSilence = 10_000;

const mostRunning = 40;
const mostRecent = 24;
const mostErrors = 8;
const mostTimes = 500;
const mostWatchers = 16;
const longestMessage = 500;
/** An upstream says what model answers. */
const longestName = 200;

/** Half octaves from 31 ms to 128 s: the eye tells a fast answer from a slow one by its place. */
const bounds = Array.from({ length: 25 }, (_, index) => Math.round(31.25 * 2 ** (index / 2)));

interface Watcher {
  readonly sent: Map<string, string>;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  spoke: number;
}

/** Watches the requests, and tells the pages. Costs next to nothing while there is none. */
export class LiveFeed implements RequestWatcher {
  readonly #running = new Map<string, RequestRecord>();
  readonly #recent: RequestRecord[] = [];
  readonly #errors: LiveError[] = [];
  readonly #first = new LastTimes();
  readonly #whole = new LastTimes();
  readonly #watchers = new Set<Watcher>();
  readonly #sources: Record<string, LiveSource>;
  readonly #conceal: (text: string) => string;
  readonly #started = Date.now();
  readonly #hello: Pick<LiveState["hello"], "version" | "mode">;
  /** What the sources said last. */
  readonly #asked = new Map<string, string>();
  #written = 0;
  #latency = this.#measure();
  #timer: Timer | undefined;
  #lastAsked = -Infinity;
  #asking = false;
  #closed = false;

  constructor(
    hello: Pick<LiveState["hello"], "version" | "mode">,
    sources: Readonly<Record<string, LiveSource>>,
    conceal: (text: string) => string,
  ) {
    this.#hello = hello;
    this.#sources = { ...sources };
    this.#conceal = conceal;
  }

  /** Another part to be asked for. */
  add(part: string, source: LiveSource): void {
    this.#sources[part] = source;
  }

  began(record: RequestRecord): void {
    this.#running.set(record.id, record);
  }

  ended(record: RequestRecord, error?: ProxyError): void {
    if (!this.#running.delete(record.id)) return;
    this.#written += writtenBy(record);
    keep(this.#recent, record, mostRecent);
    const { outcome } = record;
    if (outcome === "ok" && record.api !== "count") {
      if (record.firstTextMs !== undefined) this.#first.add(record.firstTextMs);
      if (record.ms !== undefined) this.#whole.add(record.ms);
      this.#latency = undefined;
    }
    // Who went away wants nothing done.
    if (outcome === undefined || outcome === "ok" || outcome === "canceled") return;
    const { id, at, api, client, model = "", status = 0 } = shorten(record);
    const message = this.#conceal(error?.plain ?? "").slice(0, longestMessage);
    keep(this.#errors, { id, at, api, client, model, kind: outcome, status, message }, mostErrors);
  }

  /** A stream of server-sent events, as long as its reader stays. Throws `overloaded` where too many watch, or all is over. */
  watch(): ReadableStream<Uint8Array> {
    if (this.#closed) throw new ProxyError("overloaded", "Sluice is about to end.");
    if (this.#watchers.size >= mostWatchers) {
      throw new ProxyError("overloaded", `${mostWatchers} pages are open already: close one.`);
    }
    let watcher: Watcher | undefined;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        watcher = { sent: new Map(), controller, spoke: performance.now() };
        this.#watchers.add(watcher);
        this.#timer ??= setInterval(() => this.#tick(), beat);
        this.#tick();
      },
      cancel: () => {
        if (watcher) this.#leave(watcher);
      },
    });
  }

  /** Ends every stream. There is none from now on. */
  close(): void {
    this.#closed = true;
    for (const watcher of this.#watchers) {
      this.#leave(watcher);
      watcher.controller.close();
    }
  }

  #leave(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    void this.#ask();
    const parts = this.#parts();
    for (const watcher of this.#watchers) this.#tell(watcher, parts);
  }

  /** Asks the sources, one at a time and never twice at once. One that fails keeps what it has said last. */
  async #ask(): Promise<void> {
    if (this.#asking || performance.now() - this.#lastAsked < slowBeat) return;
    this.#asking = true;
    for (const [name, source] of Object.entries(this.#sources)) {
      try {
        this.#asked.set(name, JSON.stringify((await source()) ?? null));
      } catch {
        this.#asked.set(name, this.#asked.get(name) ?? "null");
      }
    }
    this.#lastAsked = performance.now();
    this.#asking = false;
  }

  /** Each part as JSON. */
  #parts(): Map<string, string> {
    const all = [...this.#running.values()];
    const written = all.reduce((sum, record) => sum + writtenBy(record), this.#written);
    // What it has cost comes a moment after the end.
    const running = all.filter(({ outcome }) => outcome === undefined);
    const ended = all.filter(({ outcome }) => outcome !== undefined).toReversed();
    const requests: LiveState["requests"] = {
      running: running.slice(-mostRunning).toReversed().map(shorten),
      more: Math.max(0, running.length - mostRunning),
      recent: [...ended, ...this.#recent].slice(0, mostRecent).map(shorten),
      written,
    };
    this.#latency ??= this.#measure();
    return new Map([
      ["requests", JSON.stringify(requests)],
      ["errors", JSON.stringify(this.#errors)],
      ["latency", JSON.stringify(this.#latency)],
      ...this.#asked,
    ]);
  }

  /** Sends what is new to a page. One that reads slowly gets the next state in place of this one. */
  #tell(watcher: Watcher, parts: ReadonlyMap<string, string>): void {
    if ((watcher.controller.desiredSize ?? 0) <= 0) return;
    let text = "";
    if (watcher.sent.size === 0) {
      const hello: LiveState["hello"] = { ...this.#hello, started: this.#started, now: Date.now() };
      text = formatSse({ event: "hello", data: JSON.stringify(hello) });
    }
    for (const [event, data] of parts) {
      if (watcher.sent.get(event) === data) continue;
      watcher.sent.set(event, data);
      text += formatSse({ event, data });
    }
    const now = performance.now();
    if (text === "" && now - watcher.spoke >= longestSilence) text = formatComment("still here");
    if (text === "") return;
    watcher.spoke = now;
    watcher.controller.enqueue(new TextEncoder().encode(text));
  }

  #measure(): LiveLatency | undefined {
    return { bounds, first: timesOf(this.#first.all), whole: timesOf(this.#whole.all) };
  }
}

/** A record without what would be too long to be told four times a second. */
function shorten(record: RequestRecord): RequestRecord {
  const { model } = record;
  return model !== undefined && model.length > longestName ? { ...record, model: model.slice(0, longestName) } : record;
}

/** Of a stream of events that nobody reads here; a guess, until it ends and says how many there were. */
const bytesPerToken = 24;

/** About how many tokens an answer has: as it was told, or by its length as long as it runs. */
function writtenBy({ usage, written = 0, passed = 0, outcome }: RequestRecord): number {
  const told = usage?.output_tokens ?? 0;
  return Math.round(outcome !== undefined && told > 0 ? told : Math.max(told, written, passed / bytesPerToken));
}

/** The last times, in no order: each takes the place of the oldest. */
class LastTimes {
  readonly all: number[] = [];
  #next = 0;

  add(time: number): void {
    this.all[this.#next] = time;
    this.#next = (this.#next + 1) % mostTimes;
  }
}

function timesOf(times: readonly number[]): LiveTimes {
  const counts = bounds.map(() => 0);
  for (const time of times) {
    const at = Math.max(
      0,
      bounds.findLastIndex((bound) => bound <= time),
    );
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const part = (share: number) => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  return { counts, median: part(0.5), p95: part(0.95) };
}

/** Puts one in front, and drops what is over. */
function keep<T>(list: T[], one: T, most: number): void {
  list.unshift(one);
  if (list.length > most) list.pop();
}
