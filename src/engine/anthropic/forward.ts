/** A request of the Messages API on its way through: only what must change is changed, and the answer not at all. */

import { ProxyError, toProxyError } from "../../error.ts";
import { formatSse } from "../../wire/sse.ts";
import type { Call, ForwardedRequest } from "../engine.ts";
import { streamFailure } from "./failures.ts";
import { toClient } from "./headers.ts";
import type { Upstream, UpstreamAnswer } from "./upstream.ts";
import { type Told, UsageObserver } from "./usage-observer.ts";

/** The upstream's answer itself, whose bytes Bun passes on without a look at them. */
export function pipe({ response, end }: UpstreamAnswer): Response {
  end();
  toClient(response.headers);
  return response;
}

/** The upstream's answer for the client: status, headers and bytes as they came. */
export function passOn(
  answer: UpstreamAnswer,
  upstream: Upstream,
  { explain }: Pick<ForwardedRequest, "explain">,
  { signal, abort, observer }: Call,
): Response {
  const { response } = answer;
  const headers = toClient(response.headers);
  const head = { status: response.status, headers };
  if (response.body === null) {
    answer.end();
    observer.ended();
    return new Response(null, head);
  }
  observer.streaming();
  const reader = response.body.getReader();
  const stream = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  const usage = new UsageObserver(stream);
  let told: Told | undefined;
  const tell = () => {
    if (usage.told === told) return;
    told = usage.told;
    if (told.model !== undefined) observer.model(told.model);
    if (told.usage !== undefined) observer.used(told.usage);
  };
  let spoke = false;
  const take = (bytes: Uint8Array) => {
    usage.take(bytes);
    observer.passed(bytes.byteLength);
    if (spoke || !response.ok || (stream && !usage.spoke)) return;
    spoke = true;
    observer.spoke();
    if (stream) tell();
  };
  const end = (error?: ProxyError) => {
    answer.end();
    tell();
    observer.ended(error);
  };
  let left = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await answer.read(reader.read());
          if (done) {
            controller.close();
            return end(usage.failure === undefined ? undefined : streamFailure(usage.failure));
          }
          take(value);
          controller.enqueue(value);
        } catch (thrown) {
          if (left) return;
          const error = toProxyError(upstream.explain(thrown, signal));
          if (usage.between) {
            controller.enqueue(
              new TextEncoder().encode(formatSse({ event: "error", data: JSON.stringify(explain(error)) })),
            );
            controller.close();
          } else {
            // Whatever is written now would go on with half an event: the client is to see that the rest is missing.
            controller.error(error);
          }
          end(error);
        }
      },
      cancel() {
        left = true;
        abort();
        void reader.cancel().catch(() => {});
        end(new ProxyError("canceled", "The client went away."));
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, head);
}
