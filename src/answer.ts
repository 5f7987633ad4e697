/** One exchange: a decoded request meets an engine, and its events become a Response. */

import type { Dialect, Exchange } from "./dialect/dialect.ts";
import { formatChecks } from "./dialect/format.ts";
import type { Call, Engine, Observer, Turn } from "./engine/engine.ts";
import type { ProxyError } from "./error.ts";
import { createPulse, EventStream, type Together, wholeStream } from "./event-stream.ts";
import { collect } from "./messages/collect.ts";
import { inGrammar } from "./messages/grammar.ts";
import { limits } from "./messages/limits.ts";
import type { Emit, Step } from "./messages/through.ts";
import type { BlockDelta, MessageEvent } from "./messages/types.ts";
import { noUsage, updateUsage } from "./messages/usage.ts";

/** The headers of an event stream. */
export const eventStream = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // nginx and its like would collect the stream otherwise.
  "x-accel-buffering": "no",
};

const usualPulse = createPulse(15_000);

/** How long trouble that passes may last (seconds): where nothing is known, a client tries again after this. */
const moment = 5;

/**
 * Runs an exchange. Nothing is answered before the first event is known, so that an early failure is thrown and gets its
 * true status; a later one is written into the stream in the dialect's own shape.
 */
export async function answer(exchange: Exchange, engine: Engine, call: Call, pulse = usualPulse): Promise<Response> {
  const { request } = exchange;
  const { observer } = call;
  const turn = engine.run(request, call);
  observer.billed(() => turn.cost?.());
  const watch = new Watch(observer);
  const events = inGrammar(turn, ...limits(request), ...formatChecks(request), watch);
  const first = await events.next();
  const headers = { ...describe(exchange.warnings, turn), ...turn.headers };
  observer.answered(headers);
  if (!exchange.stream) {
    const message = await collect(from(first, events));
    observer.ended();
    return Response.json(exchange.encoder.whole(message), { headers });
  }
  const head = { headers: { ...eventStream, ...headers } };
  if (watch.ended && !first.done) return new Response(wholeStream(first.value, exchange.encoder, observer), head);
  observer.streaming();
  return new Response(new ReadableStream(new EventStream(first, events, exchange.encoder, call, pulse)), head);
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

/** Tells the observer what passes. */
class Watch implements Step<MessageEvent, MessageEvent> {
  ended = false;
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
    this.ended = event.type === "message_stop";
    emit(event);
  }

  #tell(delta: BlockDelta): void {
    if (delta.type === "text_delta") this.observer.wrote("writing", delta.text.length);
    else if (delta.type === "thinking_delta") this.observer.wrote("thinking", delta.thinking.length);
    else if (delta.type === "input_json_delta") this.observer.wrote("calling", delta.partial_json.length);
  }
}

/** The events, of which some were taken already. */
async function* from(first: IteratorResult<Together>, rest: AsyncGenerator<Together>): AsyncGenerator<Together> {
  try {
    if (!first.done) yield first.value;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
