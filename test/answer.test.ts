/** One exchange with an engine that does as it is told. */

import { expect, test } from "bun:test";
import { answer } from "../src/answer.ts";
import { anthropic } from "../src/dialect/anthropic/index.ts";
import type { Encoder } from "../src/dialect/dialect.ts";
import type { Engine } from "../src/engine/engine.ts";
import { ProxyError } from "../src/error.ts";
import { createPulse, type EventStream } from "../src/event-stream.ts";
import type { MessageEvent } from "../src/messages/types.ts";
import { eventsOf, messageOf, text } from "./support/mock-replies.ts";
import { singly } from "../src/messages/through.ts";
import { Rounds } from "../src/rounds.ts";
import { eventually } from "./support/environment.ts";
import { indifferent } from "./support/observer.ts";

const events = eventsOf(messageOf(text("two words"), "msg_1", "claude-sonnet-5-5"), 2);

const stream = (run: () => AsyncGenerator<MessageEvent>, options?: Options) => together(() => singly(run()), options);

interface Options {
  body?: object;
  alter?(encoder: Encoder): Encoder;
  pulse?: Rounds<EventStream>;
}

async function together(
  run: () => AsyncGenerator<readonly MessageEvent[]>,
  { body = {}, alter = (encoder) => encoder, pulse = createPulse(30) }: Options = {},
) {
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
      const iterator = run();
      return { way: "echo", warnings: [], [Symbol.asyncIterator]: () => iterator };
    },
  } as unknown as Engine;
  const ended: (ProxyError | undefined)[] = [];
  const left: true[] = [];
  let streaming = false;
  const observer = {
    ...indifferent,
    streaming: () => void (streaming = true),
    ended: (error?: ProxyError) => void ended.push(error),
  };
  const abort = () => void left.push(true);
  const { signal } = new AbortController();
  const response = await answer(
    { ...exchange, encoder: alter(exchange.encoder) },
    engine,
    { headers: new Headers(), signal, abort, observer },
    pulse,
  );
  return { response, ended, left, streaming };
}

test("a silent stream says something again and again, in a way that no reader takes for a message", async () => {
  const over = Promise.withResolvers<undefined>();
  const { response, ended } = await stream(async function* () {
    yield* events.slice(0, 3);
    await over.promise;
    yield* events.slice(3);
  });
  let body = "";
  for await (const chunk of response.body ?? []) {
    body += new TextDecoder().decode(chunk);
    if ((body.match(/^: still here\n\n/gm)?.length ?? 0) > 1) over.resolve(undefined);
  }
  expect(body).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  expect(ended).toEqual([undefined]);
});

test("it says nothing to a client that has yet to read what was said", async () => {
  let beats = 0;
  const over = Promise.withResolvers<undefined>();
  const pulse = new Rounds<EventStream>(5, (one, now) => {
    if (beats++ < 20) one.beat(now);
    else over.resolve(undefined);
  });
  const { response } = await stream(
    async function* () {
      yield* events.slice(0, 3);
      await over.promise;
      yield* events.slice(3);
    },
    { pulse },
  );
  await over.promise;
  expect(await response.text()).not.toContain("still here");
});

test("what a client does not read is not asked for", async () => {
  let asked = 0;
  const { response } = await stream(async function* () {
    for (const event of events) {
      asked++;
      yield event;
    }
  });
  await Bun.sleep(50);
  expect(asked).toBeLessThan(4);
  await response.text();
  expect(asked).toBe(events.length);
});

const ends: Record<string, (response: Response) => Promise<unknown>> = {
  "has left": async ({ body }) => await body?.cancel(),
  "has all of it": (response) => response.text(),
};

test.each(Object.entries(ends))("one whose client %s is not looked at any more", async (_, end) => {
  let beats = 0;
  const { response } = await stream(
    async function* () {
      yield* events.slice(0, 3);
      await eventually(() => beats > 2);
      yield* events.slice(3);
    },
    { pulse: new Rounds<EventStream>(5, () => void beats++) },
  );
  await eventually(() => beats > 0);
  await end(response);
  const before = beats;
  await Bun.sleep(50);
  expect(beats).toBe(before);
});

test("one that speaks says nothing else, however long it takes", async () => {
  let spoke = performance.now();
  const pulse = new Rounds<EventStream>(5, (one) => one.beat(spoke - 1));
  const { response } = await stream(
    async function* () {
      for (const event of events) {
        spoke = performance.now();
        yield event;
        await Bun.sleep(20);
      }
    },
    { pulse },
  );
  expect(events.length).toBeGreaterThan(5);
  expect(await response.text()).not.toContain("still here");
});

test("a stream that has come whole is told in one piece, as it would be in many", async () => {
  const many = await stream(async function* () {
    yield* events;
  });
  const one = await together(async function* () {
    yield events;
  });
  expect(await one.response.text()).toBe(await many.response.text());
  expect([...one.response.headers]).toEqual([...many.response.headers]);
  // Its end is told by who hands it over.
  expect([many.streaming, many.ended, one.streaming, one.ended]).toEqual([true, [undefined], false, []]);
});

test("what fails while a stream is written is told in it, also where it has come whole", async () => {
  const failure = new ProxyError("upstream", "Lost");
  const failing = (encoder: Encoder): Encoder => ({
    ...encoder,
    stream: (say) => ({
      ...encoder.stream(say),
      event: ({ type }) => {
        if (type === "message_stop") throw failure;
        say(type);
      },
      error: ({ message }) => say(message),
    }),
  });
  const { response, ended } = await together(
    async function* () {
      yield events;
    },
    { alter: failing },
  );
  expect(response.status).toBe(200);
  expect(await response.text()).toEndWith("data: message_delta\n\ndata: Lost\n\n");
  expect(ended).toEqual([failure]);
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
    { body: { stop_sequences: ["o wor"] } },
  );
  const body = await response.text();
  expect(body).toContain('"stop_reason":"stop_sequence","stop_sequence":"o wor"');
  expect(body).not.toContain("words");
});
