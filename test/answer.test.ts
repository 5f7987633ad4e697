/** One exchange with an engine that does as it is told. */

import { expect, test } from "bun:test";
import { answer } from "../src/answer.ts";
import { anthropic } from "../src/dialect/anthropic/index.ts";
import type { Engine } from "../src/engine/engine.ts";
import { ProxyError } from "../src/error.ts";
import { Pulse } from "../src/event-stream.ts";
import type { MessageEvent } from "../src/messages/types.ts";
import { eventsOf, messageOf, text } from "./support/mock-replies.ts";
import { singly } from "../src/messages/through.ts";
import { indifferent } from "./support/observer.ts";

const events = eventsOf(messageOf(text("two words"), "msg_1", "claude-sonnet-5-5"), 2);

async function stream(run: () => AsyncGenerator<MessageEvent>, body: object = {}) {
  const asked = {
    model: "sonnet",
    max_tokens: 10,
    stream: true,
    messages: [{ role: "user", content: "Hello" }],
    ...body,
  };
  const exchange = anthropic.decode(asked, { headers: new Headers(), defaultModel: undefined });
  const engine = {
    run: () => {
      const iterator = singly(run());
      return { way: "echo", warnings: [], [Symbol.asyncIterator]: () => iterator };
    },
  } as unknown as Engine;
  const ended: (ProxyError | undefined)[] = [];
  const left: true[] = [];
  const observer = { ...indifferent, ended: (error?: ProxyError) => void ended.push(error) };
  const abort = () => void left.push(true);
  const { signal } = new AbortController();
  const response = await answer(exchange, engine, { headers: new Headers(), signal, abort, observer }, new Pulse(30));
  return { response, ended, left };
}

test("a silent stream says something, in a way that no reader takes for a message", async () => {
  const { response, ended } = await stream(async function* () {
    yield* events.slice(0, 3);
    await Bun.sleep(200);
    yield* events.slice(3);
  });
  const body = await response.text();
  expect(body.match(/^: still here\n\n/gm)?.length).toBeGreaterThan(1);
  expect(body).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  expect(ended).toEqual([undefined]);
});

test("a failure before the first event is thrown, one behind it is told in the stream", async () => {
  const failure = new ProxyError("overloaded", "Busy");
  const nothing: MessageEvent[] = [];
  const failing = async function* () {
    yield* nothing;
    throw failure;
  };
  await expect(stream(failing)).rejects.toBe(failure);
  const { response, ended } = await stream(async function* () {
    yield* events.slice(0, 4);
    throw failure;
  });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"');
  expect(ended).toEqual([failure]);
});

test("a client that leaves ends the engine's turn, and is told of once", async () => {
  let closed = false;
  const { response, ended, left } = await stream(async function* () {
    try {
      for (;;) yield { type: "ping" };
    } finally {
      closed = true;
    }
  });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await Bun.sleep(0);
  expect([closed, left.length, ended.map((error) => error?.kind)]).toEqual([true, 1, ["canceled"]]);
});

test("a stop sequence is cut out on the way, whatever the upstream does", async () => {
  const { response } = await stream(
    async function* () {
      yield* events;
    },
    { stop_sequences: ["o wor"] },
  );
  const body = await response.text();
  expect(body).toContain('"stop_reason":"stop_sequence","stop_sequence":"o wor"');
  expect(body).not.toContain("words");
});
