/** Nothing that is done for every byte may become much slower unnoticed. `bun test/bench/slip.ts` prints where it is now. */

import { beforeAll, describe, expect, test } from "bun:test";
import { slownessOf, type Step, steps, warm } from "./slip.ts";

/** How many times `JSON.parse` of the same bytes a step may take: half as much again as it took when this was written. */
const limits: Readonly<Record<string, number>> = {
  "lines of the CLI, as events": 5.3,
  "server-sent events of the API, as messages": 3,
  "decode anthropic": 5.5,
  "decode chat": 6.7,
  "decode responses": 9,
  "encode anthropic": 4,
  "encode chat": 2.9,
  "encode responses": 7.4,
};

const limitOf = ({ name }: Step) => limits[name] ?? 0;
/** What is too slow is so each time; a busy machine may make it seem so for a while, but not for seconds. */
const tries = 20;
const pauseMs = 200;

/** Whether a measurement, or one of those that repeat it, is over the limit or not, as it should be. */
async function comesOut(slow: boolean, step: Step): Promise<boolean> {
  for (let n = 0; n < tries; n++) {
    if ((await slownessOf(step)) > limitOf(step) === slow) return true;
    await Bun.sleep(pauseMs);
  }
  return false;
}

test("every step has a limit, and every limit a step", () => {
  expect(steps.map(({ name }) => name).sort()).toEqual(Object.keys(limits).sort());
});

describe.each([...steps])("$name", (step) => {
  beforeAll(() => warm(step));

  test("takes no longer than it did", async () => {
    expect(await comesOut(false, step)).toBe(true);
  });

  test("would be noticed if it took twice as long", async () => {
    const twice = async () => {
      await step.run();
      await step.run();
    };
    expect(await comesOut(true, { ...step, run: twice })).toBe(true);
  });
});
