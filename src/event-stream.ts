/** The events of an answer on their way to a client that asked for a stream. */

import { nowhere, type Placed } from "./bag.ts";
import type { Encoder, StreamEncoder } from "./dialect/dialect.ts";
import type { Call, Observer } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import type { MessageEvent } from "./messages/types.ts";
import { Rounds } from "./rounds.ts";
import { formatComment, formatSseLine } from "./wire/sse.ts";

/** Events that came together. */
export type Together = readonly MessageEvent[];

type Controller = ReadableStreamDefaultController<Uint8Array>;

const utf8 = new TextEncoder();

/** A stream of which every event is there, as one text. */
export function wholeStream(events: Together, encoder: Encoder, observer: Observer): string {
  let text = "";
  const stream = encoder.stream((data, event) => (text += formatSseLine(data, event)));
  try {
    for (const event of events) stream.event(event);
  } catch (thrown) {
    const error = toProxyError(thrown);
    stream.error(error);
    observer.ended(error);
  }
  return text;
}

/** The events as server-sent events. Pulled by the client: one that reads slowly slows the engine down. */
export class EventStream implements UnderlyingDefaultSource<Uint8Array>, Placed {
  place = nowhere;
  readonly #call: Call;
  readonly #events: AsyncGenerator<Together>;
  readonly #encoder: StreamEncoder;
  readonly #pulse: Pulse;
  #ahead: IteratorResult<Together> | undefined;
  /** What the client has not got yet. */
  #text = "";
  #left = false;
  #spoke = performance.now();
  #controller: Controller | undefined;

  /** `first` was taken from the events already. */
  constructor(
    first: IteratorResult<Together>,
    events: AsyncGenerator<Together>,
    encoder: Encoder,
    call: Call,
    pulse: Pulse,
  ) {
    this.#ahead = first;
    this.#events = events;
    this.#encoder = encoder.stream((data, event) => (this.#text += formatSseLine(data, event)));
    this.#call = call;
    this.#pulse = pulse;
  }

  start(controller: Controller): void {
    this.#controller = controller;
    this.#pulse.add(this);
  }

  /** Says something where nothing was said since a moment (of `performance.now()`). */
  beat(silentSince: number): void {
    // Only where the client has read all there was: comments must not pile up behind a slow one.
    if (this.#spoke > silentSince || (this.#controller?.desiredSize ?? 0) <= 0) return;
    this.#controller?.enqueue(utf8.encode(formatComment("still here")));
    this.#spoke = performance.now();
  }

  async pull(controller: Controller): Promise<void> {
    try {
      // Events may have no word in the dialect, and a pull that brings nothing is not repeated.
      do {
        const next: IteratorResult<Together> = this.#ahead ?? (await this.#events.next());
        this.#ahead = undefined;
        if (next.done) return this.#end(controller);
        for (const event of next.value) this.#encoder.event(event);
      } while (!this.#write(controller) && !this.#left);
    } catch (thrown) {
      if (this.#left) return;
      const error = toProxyError(thrown);
      // Status and headers are long gone, and a thrown error would reset the connection.
      this.#encoder.error(error);
      this.#write(controller);
      this.#end(controller, error);
    }
  }

  cancel(): void {
    this.#left = true;
    this.#pulse.delete(this);
    this.#call.abort();
    void this.#events.return(undefined);
    this.#call.observer.ended(new ProxyError("canceled", "The client went away."));
  }

  /** Whether there was anything to write. */
  #write(controller: Controller): boolean {
    const text = this.#text;
    this.#text = "";
    this.#spoke = performance.now();
    if (text !== "" && !this.#left) controller.enqueue(utf8.encode(text));
    return text !== "";
  }

  #end(controller: Controller, error?: ProxyError): void {
    this.#pulse.delete(this);
    controller.close();
    this.#call.observer.ended(error);
  }
}

/** Where open streams are, to say something after so much silence. */
export type Pulse = Rounds<EventStream>;

/** Whatever stands between would take a stream for dead that is silent for longer than that (milliseconds). */
export function createPulse(silence: number): Pulse {
  return new Rounds(silence / 3, (stream, now) => stream.beat(now - silence));
}
