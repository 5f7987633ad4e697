/** A request of the Messages API on its way through: only what must change is changed, and the answer not at all. */

import { ProxyError, toProxyError } from "../../error.ts";
import { formatSse } from "../../wire/sse.ts";
import type { Call, ForwardedRequest } from "../engine.ts";
import { streamFailure } from "./failures.ts";
import { toClient } from "./headers.ts";
import type { Upstream } from "./upstream.ts";
import type { UpstreamCall } from "./upstream-call.ts";
import { type Told, UsageObserver } from "./usage-observer.ts";

/** The upstream's answer for the client: status, headers and bytes as they came. */
export function passOn(
  answer: UpstreamCall,
  upstream: Pick<Upstream, "explain">,
  request: Pick<ForwardedRequest, "explain">,
  call: Call,
): Response | Promise<Response> {
  const { status, headers, body } = answer.response;
  const head = { status, headers: toClient(headers) };
  if (body !== null) return new Passage(answer, body.getReader(), upstream, request, call).respond(head);
  answer.end();
  call.observer.ended();
  return new Response(null, head);
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>["read"]>>;

/** The body of an answer on its way: as it came, and with the observer told of what it tells. */
class Passage {
  readonly #stream: boolean;
  readonly #usage: UsageObserver;
  /** Reads that were begun before the client asked for what they bring. */
  readonly #ahead: Promise<Read>[] = [];
  #told: Told | undefined;
  #spoke = false;
  #left = false;

  constructor(
    readonly answer: UpstreamCall,
    readonly reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
    readonly upstream: Pick<Upstream, "explain">,
    readonly request: Pick<ForwardedRequest, "explain">,
    readonly call: Call,
  ) {
    this.#stream = answer.response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    this.#usage = new UsageObserver(this.#stream);
  }

  /** The client's answer: without a stream where all of it has come with the head. */
  async respond(head: { status: number; headers: Headers }): Promise<Response> {
    let whole: Uint8Array<ArrayBuffer> | undefined;
    // Of another status the end is told by whoever knows that.
    while (head.status === 200) {
      const read = this.reader.read();
      this.#ahead.push(read);
      // That a body has ended takes its time to be told.
      await undefined;
      await undefined;
      if (Bun.peek.status(read) !== "fulfilled") {
        // Who asks for it later will hear of its failure.
        read.catch(() => {});
        break;
      }
      const { done, value } = Bun.peek(read) as Read;
      if (done && whole !== undefined) {
        this.#take(whole);
        this.#finish();
        return new Response(whole, head);
      }
      if (done || whole !== undefined) break;
      whole = value;
    }
    this.call.observer.streaming();
    return new Response(new ReadableStream<Uint8Array>(this, { highWaterMark: 0 }), head);
  }

  /** Called when the client has read all there was. */
  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      const { done, value } = await this.answer.read(this.#ahead.shift() ?? this.reader.read());
      if (done) {
        controller.close();
        return this.#finish();
      }
      this.#take(value);
      controller.enqueue(value);
    } catch (thrown) {
      if (this.#left) return;
      const error = toProxyError(this.upstream.explain(thrown, this.call.signal));
      if (this.#usage.between) {
        const data = JSON.stringify(this.request.explain(error));
        controller.enqueue(new TextEncoder().encode(formatSse({ event: "error", data })));
        controller.close();
      } else {
        // Whatever is written now would go on with half an event: the client is to see that the rest is missing.
        controller.error(error);
      }
      this.#end(error);
    }
  }

  cancel(): void {
    this.#left = true;
    this.call.abort();
    void this.reader.cancel().catch(() => {});
    this.#end(new ProxyError("canceled", "The client went away."));
  }

  #take(bytes: Uint8Array): void {
    const { observer } = this.call;
    this.#usage.take(bytes);
    observer.passed(bytes.byteLength);
    if (this.#spoke || !this.answer.response.ok || (this.#stream && !this.#usage.spoke)) return;
    this.#spoke = true;
    observer.spoke();
    if (this.#stream) this.#tell();
  }

  #tell(): void {
    const { told } = this.#usage;
    if (told === this.#told) return;
    this.#told = told;
    if (told.model !== undefined) this.call.observer.model(told.model);
    if (told.usage !== undefined) this.call.observer.used(told.usage);
  }

  #finish(): void {
    const { failure } = this.#usage;
    this.#end(failure === undefined ? undefined : streamFailure(failure));
  }

  #end(error?: ProxyError): void {
    this.answer.end();
    this.#tell();
    this.call.observer.ended(error);
  }
}
