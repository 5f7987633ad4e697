/** One exchange: a decoded request meets an engine, and its events become a Response. */

import type { Dialect, Exchange, SseMessage } from "./dialect/dialect.ts";
import { ensureFormat } from "./dialect/format.ts";
import type { Engine, Turn } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import { collect } from "./messages/collect.ts";
import { limit } from "./messages/limits.ts";
import type { MessageEvent } from "./messages/types.ts";
import { formatComment, formatSse } from "./wire/sse.ts";

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

/** Who is told how an exchange went on. */
export interface Observer {
  /** The first event is there, and with it the headers of the answer. */
  answered(headers: Record<string, string>): void;
  /** Once: when the last byte is handed over, or when it failed or was left. */
  ended(error?: ProxyError): void;
}

/**
 * Runs an exchange. Nothing is answered before the first event is known, so that an early failure is thrown and gets its
 * true status; a later one is written into the stream in the dialect's own shape. `leave` is called when the client goes
 * in the middle of the stream.
 */
export async function answer(
  exchange: Exchange,
  engine: Engine,
  signal: AbortSignal,
  leave: () => void,
  observer: Observer,
  silence = longestSilence,
): Promise<Response> {
  const { request } = exchange;
  const turn = engine.run(request, signal);
  const events = ensureFormat(limit(turn, request), request)[Symbol.asyncIterator]();
  const first = await events.next();
  const headers = describe(exchange.warnings, turn);
  observer.answered(headers);
  if (!exchange.stream) {
    const message = await collect(resume(first, events));
    observer.ended();
    return Response.json(exchange.encoder.whole(message), { headers });
  }
  const body = streamOf(exchange, resume(first, events), leave, observer, silence);
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

async function* resume(
  first: IteratorResult<MessageEvent>,
  rest: AsyncIterator<MessageEvent>,
): AsyncGenerator<MessageEvent> {
  try {
    for (let next = first; !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** The events as server-sent events. Pulled by the client: one that reads slowly slows the engine down. */
function streamOf(
  { encoder }: Exchange,
  events: AsyncGenerator<MessageEvent>,
  leave: () => void,
  { ended }: Observer,
  silence: number,
): ReadableStream<Uint8Array> {
  const utf8 = new TextEncoder();
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
      const write = (messages: SseMessage[]) => {
        const text = messages.map(formatSse).join("");
        if (text !== "" && !left) controller.enqueue(utf8.encode(text));
        spoke = performance.now();
        return text !== "";
      };
      try {
        // An event may have no word in the dialect, and a pull that brings nothing is not repeated.
        for (let written = false; !written && !left;) {
          const next = await events.next();
          if (next.done) {
            clearInterval(pulse);
            controller.close();
            ended();
            return;
          }
          written = write(encoder.event(next.value));
        }
      } catch (thrown) {
        clearInterval(pulse);
        if (left) return;
        const error = toProxyError(thrown);
        // Status and headers are long gone, and a thrown error would reset the connection.
        write(encoder.error(error));
        controller.close();
        ended(error);
      }
    },
    cancel() {
      left = true;
      clearInterval(pulse);
      leave();
      void events.return(undefined);
      ended(new ProxyError("canceled", "The client went away."));
    },
  });
}
