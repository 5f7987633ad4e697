import { expect, test } from "bun:test";
import { limitsOf, type Measured, type Sample, summaryOf } from "./peers/figures.ts";
import { plotPeers } from "./plots/peers.ts";

const others = { requests: 1, bytes: 1000, cpuAll: 1, memoryOwn: 50, memoryAll: 100 };
const sample = (first: number, total = first, cpuOwn = 0): Sample => ({ first, total, cpuOwn, ...others });

const measured = (samples: Record<string, Sample[]>): Measured => ({
  samples: new Map(Object.entries(samples)),
  unable: new Map([["loop claude-max", "no <tools>"]]),
  failures: [],
  lines: [],
  memory: undefined,
});

test("a ratio is that of each round, so that a round in which everything is slow changes nothing", () => {
  const given = measured({ "short bare": [sample(100), sample(1000)], "short sluice": [sample(20), sample(200)] });
  expect(limitsOf(given)).toEqual([
    { title: "first text, new conversation, to claude -p", value: 0.2, unit: "", most: 0.3, missed: false },
  ]);
  expect(summaryOf(given).find(({ peer }) => peer === "sluice")?.ratios).toEqual({ first: 0.2, total: 0.2 });
});

test("deltas cost what an answer takes beyond a short one", () => {
  const given = measured({ "short sluice": [sample(1, 1, 0.01)], "deltas sluice": [sample(1, 1, 0.06)] });
  expect(limitsOf(given)).toMatchObject([{ value: 25, unit: "ms", most: 20, missed: true }]);
});

test("who can't do a work is told, in words that a picture can carry", () => {
  const summary = summaryOf(measured({ "loop bare": [sample(100, 900)] }));
  expect(summary.map(({ peer, unable }) => [peer, unable])).toEqual([
    ["bare", undefined],
    ["claude-max", "no <tools>"],
  ]);
  const picture = plotPeers(summary);
  expect(picture).toContain("can't");
  expect(picture).toContain("100 ms, 900 ms");
});
