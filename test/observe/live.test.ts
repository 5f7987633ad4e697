import { describe, expect, spyOn, test } from "bun:test";
import { ProxyError } from "../../src/error.ts";
import { LiveFeed, type LiveState } from "../../src/observe/live.ts";
import type { RequestRecord } from "../../src/observe/request.ts";
import { readSse } from "../../src/wire/sse.ts";
import { failureOf } from "../support/failure.ts";
import { flat } from "../support/flat.ts";

const hello = { version: "1.2.3", mode: "echo" };
const plain = (text: string) => text;

function feedOf(sources = {}, conceal = plain): LiveFeed {
  return new LiveFeed(hello, sources, conceal);
}

function recordOf(id: string, more: Partial<RequestRecord> = {}): RequestRecord {
  return { id, at: 1, client: "curl", api: "messages", engine: "echo", ...more };
}

/** Runs requests through, as the server would. */
function end(feed: LiveFeed, record: RequestRecord, error?: ProxyError): void {
  feed.began(record);
  feed.ended(
    Object.assign(record, {
      outcome: "ok",
      status: 200,
      ms: 100,
      ...(error && { outcome: error.kind, status: error.status }),
    }),
    error,
  );
}

/** The events of a stream, by their parts, until one is as it should be. */
async function until<K extends keyof LiveState>(
  stream: ReadableStream<Uint8Array>,
  part: K,
  is: (value: LiveState[K]) => boolean = () => true,
): Promise<LiveState[K]> {
  for await (const { event, data } of flat(readSse(stream, { maxEvent: 1e6 }))) {
    const value = JSON.parse(data) as LiveState[K];
    if (event === part && is(value)) return value;
  }
  throw new Error("The stream has ended");
}

describe("who watches", () => {
  test("is told at once what there is, and then what changes", async () => {
    const feed = feedOf({ engine: () => ({ ok: true }) });
    end(feed, recordOf("old"));
    expect(await until(feed.watch(), "hello")).toMatchObject({ ...hello, started: expect.any(Number) });
    const running = recordOf("new");
    feed.began(running);
    const stream = feed.watch();
    const change = until(stream, "requests", ({ running: [one] }) => one?.written === 12);
    running.written = 12;
    expect(await change).toMatchObject({ running: [{ id: "new" }], recent: [{ id: "old" }], more: 0, written: 12 });
  });

  test("gets each part once, as long as it stays the same, and is asked for nothing while nobody is there", async () => {
    let asked = 0;
    const feed = feedOf({ engine: () => ({ asked: Math.min(1, ++asked) }) });
    await Bun.sleep(50);
    expect(asked).toBe(0);
    const names: string[] = [];
    const began = performance.now();
    const stream = feed.watch();
    setTimeout(() => feed.close(), 700);
    for await (const { event = "" } of flat(readSse(stream, { maxEvent: 1e6 }))) names.push(event);
    expect(names.sort()).toEqual(["engine", "errors", "hello", "latency", "requests"]);
    const before = asked;
    expect(before).toBeLessThanOrEqual(1 + (performance.now() - began) / 1000);
    await Bun.sleep(1_200);
    expect(asked).toBe(before);
  });

  test("hears something where nothing has changed for ten seconds, so that nobody on the way takes the stream for dead", async () => {
    let now = 1_000;
    using _ = spyOn(performance, "now").mockImplementation(() => now);
    const feed = feedOf();
    const reader = feed.watch().getReader();
    const read = async () => new TextDecoder().decode((await reader.read()).value);
    expect(await read()).toStartWith("event: hello\n");
    for (let time = 0; time < 2; time++) {
      now += 10_000;
      expect(await read()).toBe(": still here\n\n");
    }
    await Bun.sleep(600);
    feed.began(recordOf("new"));
    expect(await read()).toStartWith("event: requests\n");
    feed.close();
  });

  test("is not told of a source that fails, and is of the others", async () => {
    const feed = feedOf({
      usage: () => Promise.reject(new Error("no ledger")),
      engine: () => ({ ok: true }),
    });
    expect(await until(feed.watch(), "engine" as keyof LiveState)).toEqual({ ok: true } as never);
    feed.close();
  });

  test("and reads slowly gets the state as it is then, and fills no memory", async () => {
    const feed = feedOf();
    const running = recordOf("slow", { written: 0 });
    feed.began(running);
    const stream = feed.watch();
    const other = feed.watch();
    // Another one sees each change, while nobody reads the first.
    for (const written of [1, 2, 3]) {
      running.written = written;
      await until(feed.watch(), "requests", (requests) => requests.written === written);
    }
    await other.cancel();
    const reader = stream.getReader();
    const chunks: string[] = [];
    while (!chunks.at(-1)?.includes('"written":3')) {
      chunks.push(new TextDecoder().decode((await reader.read()).value));
    }
    expect(chunks.length).toBeLessThanOrEqual(2);
    await reader.cancel();
  });

  test("is one of a bounded number, and leaves its place", async () => {
    const feed = feedOf();
    const streams = Array.from({ length: 16 }, () => feed.watch());
    expect(await failureOf(Promise.try(() => feed.watch()))).toMatchObject({ kind: "overloaded" });
    await streams[0]?.cancel();
    await feed.watch().cancel();
    feed.close();
    const ends = await Promise.all(streams.slice(1).map((stream) => new Response(stream).text()));
    expect(ends.every((text) => text.startsWith("event: hello"))).toBe(true);
    // A page that tries again at once would hold up the end.
    expect(await failureOf(Promise.try(() => feed.watch()))).toMatchObject({ kind: "overloaded" });
  });
});

describe("what is kept", () => {
  test("is bounded, the newest first", async () => {
    const feed = feedOf();
    for (let n = 0; n < 100; n++) end(feed, recordOf(`ended-${n}`), new ProxyError("upstream", `failure ${n}`));
    for (let n = 0; n < 100; n++) feed.began(recordOf(`running-${n}`));
    const { running, recent, more } = await until(feed.watch(), "requests");
    expect([running.length, more, recent.length]).toEqual([40, 60, 24]);
    expect([running[0]?.id, recent[0]?.id]).toEqual(["running-99", "ended-99"]);
    const errors = await until(feed.watch(), "errors");
    expect([errors.length, errors[0]?.message]).toEqual([8, "failure 99"]);
    feed.close();
  });

  test("of a failure is what the log has: no word of a prompt, no secret, no endless text", async () => {
    const feed = feedOf({}, (text) => text.replaceAll("SECRET", "[redacted]"));
    const quoted = "THE PROMPT";
    end(feed, recordOf("a"), new ProxyError("upstream", `It died: ${quoted}`, { quoted }));
    end(feed, recordOf("b"), new ProxyError("upstream", `With SECRET ${"x".repeat(10_000)}`));
    end(feed, recordOf("c"), new ProxyError("canceled", "The client went away."));
    const errors = await until(feed.watch(), "errors");
    expect(errors.map(({ message }) => message.slice(0, 20))).toEqual(["With [redacted] xxxx", "It died: …"]);
    expect(errors[0]?.message).toHaveLength(500);
    feed.close();
  });

  test("of a name is its beginning", async () => {
    const feed = feedOf();
    end(feed, recordOf("a", { model: "m".repeat(1e6) }), new ProxyError("upstream", "no"));
    feed.began(recordOf("b", { model: "m".repeat(1e6) }));
    const { running, recent } = await until(feed.watch(), "requests");
    const [failure] = await until(feed.watch(), "errors");
    for (const one of [running[0], recent[0], failure]) expect(one?.model).toBe("m".repeat(200));
    feed.close();
  });

  test("of times are those of answers, by their length", async () => {
    const feed = feedOf();
    const take = (id: string, firstTextMs: number, more: Partial<RequestRecord> = {}) =>
      end(feed, recordOf(id, { firstTextMs, ...more }));
    for (let n = 1; n <= 100; n++) take(`${n}`, n * 10);
    take("count", 5, { api: "count" });
    end(feed, recordOf("failed", { firstTextMs: 5 }), new ProxyError("upstream", "no"));
    const { bounds, first, whole } = await until(feed.watch(), "latency");
    expect(first).toMatchObject({ median: 500, p95: 950 });
    expect(first.counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    // What is quicker than the first bound is with it.
    expect(first.counts[0]).toBe(
      Array.from({ length: 100 }, (_, n) => (n + 1) * 10).filter((ms) => ms < (bounds[1] ?? 0)).length,
    );
    expect(whole.counts[bounds.findLastIndex((bound) => bound <= 100)]).toBe(100);
    feed.close();
  });

  test("of times are the last five hundred", async () => {
    const feed = feedOf();
    for (let n = 1; n <= 1200; n++) end(feed, recordOf(`${n}`, { firstTextMs: n }));
    const { first } = await until(feed.watch(), "latency");
    expect(first).toMatchObject({ median: 950, p95: 1175 });
    expect(first.counts.reduce((sum, count) => sum + count, 0)).toBe(500);
    feed.close();
  });
});
