import { expect, test } from "bun:test";
import { Calls, OpenCall } from "../src/calls.ts";
import { indifferent } from "./support/observer.ts";

function callOf(client = new AbortController()) {
  const call = new OpenCall(new Request("http://localhost/", { signal: client.signal }), indifferent);
  return { client, call };
}

test("a call is aborted when its client goes, alone", () => {
  const [one, other] = [callOf(), callOf()];
  one.client.abort();
  expect([one.call.signal.aborted, other.call.signal.aborted]).toEqual([true, false]);
  // A client may be gone before its call is there.
  expect(callOf(one.client).call.signal.aborted).toBe(true);
});

test("with a reason where it has one, and its client is left alone", () => {
  const { client, call } = callOf();
  const reason = new Error("Late");
  call.abort(reason);
  expect(call.signal.reason).toBe(reason);
  expect(client.signal.aborted).toBe(false);
});

test("what runs at the end is aborted, what is over is not, and what comes then is at once", () => {
  const calls = new Calls();
  const [runs, over, late] = [callOf().call, callOf().call, callOf().call];
  calls.open(runs);
  calls.open(over);
  calls.close(over);
  calls.abort();
  expect([runs.signal.aborted, over.signal.aborted]).toEqual([true, false]);
  calls.open(late);
  expect(late.signal.aborted).toBe(true);
});
