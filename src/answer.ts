/** One exchange: a decoded request meets an engine, and its events become a Response. */

import type { Dialect, Exchange, SseMessage } from "./dialect/dialect.ts";
import { formatChecks } from "./dialect/format.ts";
import type { Call, Engine, Observer, Turn } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import { collect } from "./messages/collect.ts";
import { inGrammar } from "./messages/grammar.ts";
import { limits } from "./messages/limits.ts";
import type { Emit, Step } from "./messages/through.ts";
import type { BlockDelta, MessageEvent } from "./messages/types.ts";
import { noUsage, updateUsage } from "./messages/usage.ts";
import { formatComment, formatSseLine } from "./wire/sse.ts";

/** The headers of an event stream. */
export const eventStream = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx and its like would collect the stream otherwise.
  "x-accel-buffering": "no",
};

/** A stream says something after so much silence, or whatever stands between would take it for dead (milliseconds). */
const longestSilence = 15_000;

/** How long trouble that passes may last (seconds): where nothing is known, a client tries again after this. */
const moment = 5;

/**
 * Runs an exchange. Nothing is answered before the first event is known, so that an early failure is thrown and gets its
 * true status; a later one is written into the stream in the dialect's own shape.
 */
export async function answer(
  exchange: Exchange,
  engine: Engine,
  call: Call,
  silence = longestSilence,
): Promise<Response> {
  const { request } = exchange;
  const { observer } = call;
  const turn = engine.run(request, call.signal, call.headers);
  observer.billed(() => turn.cost?.());
  const steps = [...limits(request), ...formatChecks(request), new Watch(observer)];
  const events = inGrammar(turn, ...steps);
  const first = await events.next();
  const headers = { ...describe(exchange.warnings, turn), ...turn.headers };
  observer.answered(headers);
  if (!exchange.stream) {
    const message = await collect(from(first, events));
    observer.ended();
    return Response.json(exchange.encoder.whole(message), { headers });
  }
  observer.streaming();
  const body = streamOf(exchange, first, events, call, silence);
  return new Response(body, { headers: { ...eventStream, ...headers } });
}

/** The answer of a request that failed before its first event. */
export function refuse(dialect: Dialect, error: ProxyError, requestId: string): Response {
  const { status, body } = dialect.encodeError(error, requestId);
  const retryAfter = error.retryAfter ?? (error.retryable ? moment : undefined);
  return Response.json(body, {
    status,
    headers: {
      ...(retryAfter !== undefined && { "retry-after": String(retryAfter) }),
      // The SDKs try statuses from 500 on again by themselves, also where that can't help.
      ...(!error.retryable && { "x-should-retry": "false" }),
    },
  });
}

/** The headers that say how a request was served, and what was asked for and not done. */
export function describe(asked: readonly string[], served: Pick<Turn, "way" | "warnings">): Record<string, string> {
  const warnings = [...asked, ...served.warnings];
  return {
    "x-sluice-way": served.way,
    ...(warnings.length > 0 && { "x-sluice-warning": headerText(warnings.join("; ")) }),
  };
}

/** Warnings name fields that the client chose: only what a header may carry is left of them. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 1000);
}

function textOf(messages: readonly SseMessage[]): string {
  let text = "";
  for (const message of messages) text += formatSseLine(message);
  return text;
}

/** Tells the observer what passes. */
class Watch implements Step<MessageEvent, MessageEvent> {
  #usage = noUsage;
  #spoke = false;

  constructor(readonly observer: Observer) {}

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    const { observer } = this;
    if (event.type === "message_start") {
      observer.model(event.message.model);
      observer.used((this.#usage = event.message.usage));
    } else if (event.type === "message_delta") {
      observer.used((this.#usage = updateUsage(this.#usage, event.usage)));
    } else if (event.type === "content_block_delta") {
      if (!this.#spoke) observer.spoke();
      this.#spoke = true;
      this.#tell(event.delta);
    }
    emit(event);
  }

  #tell(delta: BlockDelta): void {
    if (delta.type === "text_delta") this.observer.wrote("writing", delta.text.length);
    else if (delta.type === "thinking_delta") this.observer.wrote("thinking", delta.thinking.length);
    else if (delta.type === "input_json_delta") this.observer.wrote("calling", delta.partial_json.length);
  }
}

type Together = readonly MessageEvent[];

/** The events, of which some were taken already. */
async function* from(first: IteratorResult<Together>, rest: AsyncGenerator<Together>): AsyncGenerator<Together> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The events as server-sent events. Pulled by the client: one that reads slowly slows the engine down. */
function streamOf(
  { encoder }: Exchange,
  first: IteratorResult<Together>,
  events: AsyncGenerator<Together>,
  call: Call,
  silence: number,
): ReadableStream<Uint8Array> {
  const { observer } = call;
  const utf8 = new TextEncoder();
  let ahead: IteratorResult<Together> | undefined = first;
  let left = false;
  let spoke = performance.now();
  let pulse: Timer | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      pulse = setInterval(() => {
        // Only where the client has read all there was: comments must not pile up behind a slow one.
        if (performance.now() - spoke < silence || (controller.desiredSize ?? 0) <= 0) return;
        controller.enqueue(utf8.encode(formatComment("still here")));
        spoke = performance.now();
      }, silence / 3);
    },
    async pull(controller) {
      const write = (text: string) => {
        if (text !== "" && !left) controller.enqueue(utf8.encode(text));
        spoke = performance.now();
        return text !== "";
      };
      let text = "";
      try {
        // Events may have no word in the dialect, and a pull that brings nothing is not repeated.
        for (let written = false; !written && !left;) {
          const next: IteratorResult<Together> = ahead ?? (await events.next());
          ahead = undefined;
          if (next.done) {
            clearInterval(pulse);
            controller.close();
            observer.ended();
            return;
          }
          for (const event of next.value) text += textOf(encoder.event(event));
          written = write(text);
          text = "";
        }
      } catch (thrown) {
        clearInterval(pulse);
        if (left) return;
        const error = toProxyError(thrown);
        // Status and headers are long gone, and a thrown error would reset the connection.
        write(text + textOf(encoder.error(error)));
        controller.close();
        observer.ended(error);
      }
    },
    cancel() {
      left = true;
      clearInterval(pulse);
      call.abort();
      void events.return(undefined);
      observer.ended(new ProxyError("canceled", "The client went away."));
    },
  });
}
