import { expect, test } from "bun:test";
import { UpstreamCall } from "../../../src/engine/anthropic/upstream-call.ts";
import { Rounds } from "../../../src/rounds.ts";

const limits = { firstByteTimeout: 60_000, stallTimeout: 30_000 };

/** A call, and whether it is given up where it is looked at so much later (milliseconds). */
function callWithin() {
  const patience = new AbortController();
  const call = new UpstreamCall(new Rounds(60_000, () => {}), limits, patience);
  const lastsFor = (later: number) => {
    call.check(performance.now() + later);
    return !patience.signal.aborted;
  };
  return { call, lastsFor, patience };
}

test("an answer has its time to begin", () => {
  const { call, lastsFor, patience } = callWithin();
  call.asked();
  expect([lastsFor(59_000), lastsFor(60_001)]).toEqual([true, false]);
  expect(patience.signal.reason.message).toBe("The upstream did not begin to answer within 60 s.");
});

test("each part of it has its own, and in between it is the client's", async () => {
  const { call, lastsFor, patience } = callWithin();
  call.asked();
  call.answered(new Response());
  expect(lastsFor(1e9)).toBe(true);
  expect(await call.read(Promise.resolve("part"))).toBe("part");
  expect(lastsFor(1e9)).toBe(true);
  const part = Promise.withResolvers<string>();
  const read = call.read(part.promise);
  expect([lastsFor(29_000), lastsFor(30_001)]).toEqual([true, false]);
  expect(patience.signal.reason.message).toBe("The upstream was silent for 30 s in the middle of its answer.");
  part.resolve("late");
  await read;
});
