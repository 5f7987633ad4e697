import { describe, expect, test } from "bun:test";
import { keepRunning, type Policy, type Supervised } from "../../src/openclaw/supervisor.ts";

/** What becomes of each start: it fails, or it answers for so long (milliseconds). */
type Fate = Error | number;

/** Supervises a Sluice with these fates on a clock of its own, and aborts when it is to start once more. */
async function supervise(fates: readonly Fate[], policy: Policy) {
  const abort = new AbortController();
  const delays: number[] = [];
  const told: string[] = [];
  const rest = [...fates];
  let now = 0;
  let endsAt = 0;
  let leases = 0;
  const sluice: Supervised = {
    acquire: async (signal) => {
      const fate = rest.shift();
      if (fate === undefined) abort.abort();
      signal.throwIfAborted();
      if (fate instanceof Error) throw fate;
      endsAt = now + (fate ?? 0);
      leases++;
      return { release: () => leases-- };
    },
    answers: async () => now < endsAt,
    sleep: async (ms, signal) => {
      signal.throwIfAborted();
      if (now >= endsAt) delays.push(ms);
      now += ms;
    },
    now: () => now,
    up: () => told.push("up"),
    down: (reason) => told.push(reason),
  };
  await keepRunning(sluice, policy, abort.signal);
  return { delays, told, leases, left: rest.length };
}

const usual: Policy = { autoRestart: true, restartDelayMs: 3000 };
const broken = new Error("It can't start");

test("restarts after the delay, and gives back what it held", async () => {
  const { delays, told, leases } = await supervise([100_000, 100_000], usual);
  expect(delays).toEqual([3000, 3000]);
  expect(told).toEqual(["up", "Sluice has ended", "up", "Sluice has ended"]);
  expect(leases).toBe(0);
});

describe("backs off", () => {
  test("twice the time after each failure, up to a minute", async () => {
    const { delays, told } = await supervise(Array(7).fill(broken), usual);
    expect(delays).toEqual([3000, 6000, 12_000, 24_000, 48_000, 60_000, 60_000]);
    expect(new Set(told)).toEqual(new Set(["It can't start"]));
  });

  test("also from what ends as soon as it has started", async () => {
    expect((await supervise([2000, 2000, 2000], usual)).delays).toEqual([3000, 6000, 12_000]);
  });

  test("and begins anew after a run of a minute", async () => {
    expect((await supervise([broken, broken, 60_000, broken], usual)).delays).toEqual([3000, 6000, 3000, 6000]);
  });

  test("from no delay at all, after the first restart", async () => {
    const { delays } = await supervise([broken, broken, broken], { autoRestart: true, restartDelayMs: 0 });
    expect(delays).toEqual([0, 1000, 2000]);
  });

  test("never below a delay that is longer than a minute", async () => {
    const { delays } = await supervise([broken, broken], { autoRestart: true, restartDelayMs: 90_000 });
    expect(delays).toEqual([90_000, 90_000]);
  });
});

test("without autoRestart it starts once", async () => {
  const { told, left } = await supervise([10, 10], { ...usual, autoRestart: false });
  expect([told, left]).toEqual([["up", "Sluice has ended"], 1]);
});

test("an abort ends it wherever it is, and nothing is reported", async () => {
  for (const moment of ["acquire", "answers", "sleep"] as const) {
    const abort = new AbortController();
    const told: string[] = [];
    let leases = 0;
    const at = (name: string) => name === moment && abort.abort();
    const sluice: Supervised = {
      acquire: async (signal) => {
        at("acquire");
        signal.throwIfAborted();
        leases++;
        return { release: () => leases-- };
      },
      answers: async () => {
        at("answers");
        return !abort.signal.aborted;
      },
      sleep: async (_, signal) => {
        at("sleep");
        signal.throwIfAborted();
      },
      now: () => 0,
      up: () => {},
      down: (reason) => told.push(reason),
    };
    await keepRunning(sluice, usual, abort.signal);
    expect([moment, told, leases]).toEqual([moment, [], 0]);
  }
});
