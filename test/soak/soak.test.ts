/**
 * A minute of what `bun run soak` does for ten: 45 s in which requests begin, slowly enough to leave the machine to the
 * other tests, and the time that the last ones take.
 */

import { expect, test } from "bun:test";
import { soak } from "./run.ts";

const seconds = 45;

test(
  `A minute of every fault: each request ends as it must, and nothing is left`,
  async () => {
    const { outcomes, wrong, table, memory } = await soak({
      seconds,
      atOnce: 50,
      clients: { fake: 94, real: 6 },
      pace: 8,
    });
    console.log(table);
    expect(wrong).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(50);
    // A minute is too short to see whether it grows for ever: `bun run soak` does. In megabytes.
    for (const { late } of memory) expect(late).toBeLessThan(256);
  },
  { timeout: 1_800_000 },
);
