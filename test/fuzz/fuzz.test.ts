/**
 * Cases that nobody thought of. `bun run fuzz` runs 100,000 of them; this suite 2,000. What fails is told with its seed and
 * path, shrunk: `FUZZ_SEED=… FUZZ_PATH=… bun test test/fuzz -t NAME` runs just that case again.
 */

import { afterAll, beforeAll, test } from "bun:test";
import fc from "fast-check";
import { emitted, expectAnyAnswer } from "./events.ts";
import { expectAnyStream, expectAnyTurn, startPrinting, turn } from "./lines.ts";
import { expectSameRecords, pieces } from "./readers.ts";
import { request, startFuzzed } from "./server.ts";

const cases = Number(process.env["FUZZ_CASES"] ?? 2000);

/** A property with its share of the cases. */
function fuzz<T>(name: string, share: number, arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): void {
  const { FUZZ_SEED: seed, FUZZ_PATH: path } = process.env;
  test(
    name,
    async () => {
      const began = performance.now();
      const numRuns = Math.ceil(cases * share);
      await fc.assert(fc.asyncProperty(arbitrary, check), {
        numRuns,
        ...(seed !== undefined && { seed: Number(seed) }),
        ...(path !== undefined && { path, endOnFailure: true }),
      });
      const seconds = (performance.now() - began) / 1000;
      console.log(`${name}: ${numRuns} cases in ${seconds.toFixed(1)} s, ${Math.round(numRuns / seconds)} a second`);
    },
    { timeout: 3_600_000 },
  );
}

let server: Awaited<ReturnType<typeof startFuzzed>>;
let printing: Awaited<ReturnType<typeof startPrinting>>;
beforeAll(async () => {
  [server, printing] = await Promise.all([startFuzzed(), startPrinting()]);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await printing[Symbol.asyncDispose]();
});

fuzz("any request of a client", 0.45, request, (one) => server.expectAnswer(one));
fuzz("any bytes for the readers of lines and of events", 0.15, pieces, expectSameRecords);
fuzz("any events of an engine", 0.15, emitted, expectAnyAnswer);
fuzz("any lines of the CLI", 0.15, turn, expectAnyTurn);
fuzz("any stream of an upstream", 0.1, turn, expectAnyStream);
fuzz("any lines of a process", 0.005, turn, (asked) => printing.expectTurn(asked));
