import { expect, test } from "bun:test";
import type { Conversation } from "../../../src/engine/claude/conversation.ts";
import { Shelf } from "../../../src/engine/claude/shelf.ts";
import { eventually } from "../../support/environment.ts";

/** A conversation as a shelf sees it. */
function conversation(parked = false) {
  let gone: (() => void) | undefined;
  const one = {
    parked,
    ended: false,
    end: () => void (one.ended = true),
    onGone: (call: () => void) => void (gone = call),
    go: () => gone?.(),
  };
  return one;
}

function shelf(times = { idleTtl: 60_000, parkTtl: 60_000 }) {
  let kept = 0;
  const shelf = new Shelf(times, () => kept++);
  const put = (key: string, one: ReturnType<typeof conversation>) => {
    shelf.put(key, one as unknown as Conversation);
    return one;
  };
  return { shelf, put, kept: () => kept, [Symbol.dispose]: () => shelf.close() };
}

test("each that comes to rest is told, and is there once", () => {
  using stage = shelf();
  const one = stage.put("a", conversation());
  expect([stage.kept(), stage.shelf.counts]).toEqual([1, { live: 1, parked: 0 }]);
  expect<unknown>(stage.shelf.take("a")).toBe(one);
  expect([one.ended, stage.shelf.take("a")]).toEqual([false, undefined]);
});

test("of two equal ones the newer stays, whatever becomes of the older", () => {
  using stage = shelf();
  const [older, newer] = [stage.put("a", conversation()), stage.put("a", conversation())];
  expect([older.ended, newer.ended]).toEqual([true, false]);
  older.go();
  expect<unknown>(stage.shelf.take("a")).toBe(newer);
});

test("one whose process goes is not there any more", () => {
  using stage = shelf();
  stage.put("a", conversation()).go();
  expect(stage.shelf.counts).toEqual({ live: 0, parked: 0 });
});

test("the one that was used least recently gives way, those that wait for tools last or not at all", () => {
  using stage = shelf();
  const [parked, first, second] = [conversation(true), conversation(), conversation()];
  for (const [at, one] of [parked, first, second].entries()) stage.put(String(at), one);
  const ended = () => [parked, first, second].map((one) => one.ended);
  expect([stage.shelf.evict("any"), ended()]).toEqual([true, [false, true, false]]);
  expect([stage.shelf.evict("live"), ended()]).toEqual([true, [false, true, true]]);
  expect([stage.shelf.evict("live"), stage.shelf.counts]).toEqual([false, { live: 0, parked: 1 }]);
  expect([stage.shelf.evict("any"), ended()]).toEqual([true, [true, true, true]]);
  expect(stage.shelf.evict("any")).toBe(false);
});

test("each is let go when its time is over, which may change meanwhile", async () => {
  const times = { idleTtl: 60_000, parkTtl: 60_000 };
  using stage = shelf(times);
  const long = stage.put("a", conversation());
  times.idleTtl = 10;
  const waiting = stage.put("b", conversation(true));
  const short = stage.put("c", conversation());
  await eventually(() => short.ended);
  Object.assign(times, { idleTtl: 60_000, parkTtl: 10 });
  const brief = stage.put("d", conversation(true));
  await eventually(() => brief.ended);
  expect([long.ended, waiting.ended]).toEqual([false, false]);
  expect(stage.shelf.counts).toEqual({ live: 1, parked: 1 });
});

test("the time of one that was taken ends with it", async () => {
  const times = { idleTtl: 20, parkTtl: 60_000 };
  using stage = shelf(times);
  stage.put("a", conversation());
  stage.shelf.take("a");
  times.idleTtl = 60_000;
  const next = stage.put("a", conversation());
  await Bun.sleep(100);
  expect(next.ended).toBe(false);
});
