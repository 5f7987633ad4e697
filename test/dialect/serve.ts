import type { Dialect, Encoder, ErrorAnswer, SseMessage } from "../../src/dialect/dialect.ts";
import { ProxyError } from "../../src/error.ts";
import { collect } from "../../src/messages/collect.ts";
import type { MessageEvent } from "../../src/messages/types.ts";
import { formatSse } from "../../src/wire/sse.ts";
import { streamOf } from "./answers.ts";

/** What the upstream does: answers, and may fail after its last event. */
export interface Script {
  events: MessageEvent[];
  failure?: ProxyError;
}

/**
 * The smallest server around a dialect: decodes whatever is posted, and answers with the script. The SDKs talk to it,
 * so they are the judges of what the encoders write.
 */
export function serveScript(dialect: Dialect, { events, failure }: Script) {
  return Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      try {
        const exchange = dialect.decode(await request.json(), { headers: request.headers, defaultModel: undefined });
        if (!exchange.stream) return Response.json(exchange.encoder.whole(await collect(streamOf(events))));
        const messages = sseOf(exchange.encoder, { events, ...(failure && { failure }) });
        return new Response(messages.map(formatSse).join(""), { headers: { "content-type": "text/event-stream" } });
      } catch (error) {
        if (!(error instanceof ProxyError)) throw error;
        const { status, body }: ErrorAnswer = dialect.encodeError(error, "req_1");
        return Response.json(body, { status });
      }
    },
  });
}

/** The SSE messages of a scripted answer. */
export function sseOf(encoder: Encoder, { events, failure }: Script): SseMessage[] {
  const messages: SseMessage[] = [];
  const stream = encoder.stream((data, event) => messages.push(event === undefined ? { data } : { event, data }));
  for (const event of events) stream.event(event);
  if (failure) stream.error(failure);
  return messages;
}
