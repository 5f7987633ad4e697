/** An answer on its way through: whatever its chunks and their moments are, the client gets all of them. */

import { expect, test } from "bun:test";
import { passOn } from "../../../src/engine/anthropic/forward.ts";
import { UpstreamCall } from "../../../src/engine/anthropic/upstream-call.ts";
import type { ProxyError } from "../../../src/error.ts";
import { Rounds } from "../../../src/rounds.ts";
import { indifferent } from "../../support/observer.ts";

type Controller = ReadableStreamDefaultController<Uint8Array>;

const bytes = (text: string) => new TextEncoder().encode(text);
const explain = (error: unknown) => error;

/** What the client gets of an upstream's body, and what the observer is told. */
async function passed(body: BodyInit | null, status = 200) {
  const told: unknown[] = [];
  const observer = {
    ...indifferent,
    streaming: () => void told.push("streaming"),
    spoke: () => void told.push("spoke"),
    ended: (error?: ProxyError) => void told.push(error?.kind ?? "ended"),
  };
  const controller = new AbortController();
  const { signal } = controller;
  const clock = new Rounds<UpstreamCall>(1000, () => {});
  const answer = new UpstreamCall(clock, { firstByteTimeout: 1000, stallTimeout: 1000 }, controller);
  answer.answered(new Response(body, { status, headers: { "content-type": "text/event-stream" } }));
  const abort = () => controller.abort();
  const call = { headers: new Headers(), signal, abort, observer };
  const response = await passOn(answer, { explain }, { explain }, call);
  return { response, told, signal };
}

const streamOf = (...chunks: string[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(bytes(chunk));
      controller.close();
    },
  });

test.each([
  ["no body", null, "", ["ended"]],
  ["nothing", streamOf(), "", ["streaming", "ended"]],
  ["all of it at once", streamOf("data: one\n\n"), "data: one\n\n", ["ended"]],
  ["two chunks that are there", streamOf("data: one\n\n", "data: two\n\n"), "data: one\n\ndata: two\n\n", undefined],
  ["many", streamOf(...Array.from("data: 1234567\n\n")), "data: 1234567\n\n", undefined],
])("%s", async (_, body, text, ends = ["streaming", "ended"]) => {
  const { response, told } = await passed(body);
  expect(await response.text()).toBe(text);
  expect(told).toEqual(ends);
});

test("the rest that comes later", async () => {
  const { promise, resolve } = Promise.withResolvers<Controller>();
  const { response, told } = await passed(
    new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes("data: one\n\n"));
        resolve(controller);
      },
    }),
  );
  const upstream = await promise;
  const reader = response.body?.getReader();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: one\n\n");
  expect(told).toEqual(["streaming"]);
  upstream.enqueue(bytes("data: two\n\n"));
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: two\n\n");
  upstream.close();
  expect(await reader?.read()).toEqual({ done: true, value: undefined });
  expect(told).toEqual(["streaming", "ended"]);
});

test("a client that leaves ends the call, and the upstream's answer with it", async () => {
  let left = false;
  const body = new ReadableStream<Uint8Array>({ cancel: () => void (left = true) });
  const { response, told, signal } = await passed(body);
  await response.body?.cancel();
  expect([signal.aborted, left, told]).toEqual([true, true, ["streaming", "canceled"]]);
});

test("the first content is told of, once", async () => {
  const delta = 'event: content_block_delta\ndata: {"type":"content_block_delta"}\n\n';
  const { response, told } = await passed(streamOf("event: ping\ndata: {}\n\n", delta, delta));
  await response.text();
  expect(told).toEqual(["streaming", "spoke", "ended"]);
});
