import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Emit, singly, type Step, through } from "../../src/messages/through.ts";
import { flat } from "../support/flat.ts";

/** Says each number twice, and throws or ends at one of them. */
class Double implements Step<number, number> {
  ended = false;

  constructor(
    readonly throwsAt?: number,
    readonly endsAt?: number,
  ) {}

  take(thing: number, emit: Emit<number>): void {
    if (thing === this.throwsAt) throw new Error(`at ${thing}`);
    this.ended = thing === this.endsAt;
    emit(thing);
    emit(thing);
  }
}

async function* cut(things: readonly number[], sizes: readonly number[]): AsyncGenerator<readonly number[]> {
  let at = 0;
  for (const size of sizes) yield things.slice(at, (at += size));
  yield things.slice(at);
}

async function outcome(source: AsyncIterable<readonly number[]>, ...steps: Step<number, number>[]) {
  const [first = new Double(), ...rest] = steps;
  const seen: number[] = [];
  try {
    for await (const thing of flat(through(source, first, ...rest))) seen.push(thing);
    return { seen };
  } catch (error) {
    return { seen, error: (error as Error).message };
  }
}

const things = [0, 1, 2, 3, 4, 5, 6, 7];
const place = fc.option(fc.nat(9), { nil: undefined });
const steps = fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 3 });

test("whatever comes together, the same comes out as if each came for itself", async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.array(fc.nat(4)), async (places, sizes) => {
      const made = () => places.map(([throwsAt, endsAt]) => new Double(throwsAt, endsAt));
      expect(await outcome(cut(things, sizes), ...made())).toEqual(await outcome(singly(each(things)), ...made()));
    }),
  );
});

async function* each(numbers: readonly number[]): AsyncGenerator<number> {
  yield* numbers;
}

describe("the source", () => {
  const watched = () => {
    const log: string[] = [];
    const source = async function* () {
      try {
        for (const thing of things) {
          log.push(`gives ${thing}`);
          yield [thing];
        }
      } finally {
        log.push("ended");
      }
    };
    return { log, source: source() };
  };

  test("is ended before the last things are passed on", async () => {
    const { log, source } = watched();
    const taken = through(source, new Double(undefined, 1));
    expect((await taken.next()).value).toEqual([0, 0]);
    expect((await taken.next()).value).toEqual([1, 1]);
    expect(log).toEqual(["gives 0", "gives 1", "ended"]);
    expect((await taken.next()).done).toBe(true);
  });

  test("is ended by who takes no more", async () => {
    const { log, source } = watched();
    const taken = through(source, new Double());
    await taken.next();
    await taken.return(undefined);
    expect(log).toEqual(["gives 0", "ended"]);
  });

  test("that fails passes its failure on, behind what it gave", async () => {
    const failing = async function* () {
      yield [1, 2];
      throw new Error("lost");
    };
    expect(await outcome(failing(), new Double())).toEqual({ seen: [1, 1, 2, 2], error: "lost" });
  });

  test("that ends is told to the steps, where none of them has", async () => {
    const step = (ended: boolean) => ({
      take: () => {},
      ended,
      finish: () => {
        throw new Error("too early");
      },
    });
    expect(await outcome(cut([], []), step(false))).toEqual({ seen: [], error: "too early" });
    expect(await outcome(cut([1], []), step(true))).toEqual({ seen: [] });
  });
});
