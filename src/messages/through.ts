/** Where a step hands on what it makes. */
export type Emit<Out> = (thing: Out) => void;

/** What becomes of things that come one after the other. */
export interface Step<In, Out> {
  take(thing: In, emit: Emit<Out>): void;
  /** Whether this was the last: nothing more is asked for. */
  readonly ended?: boolean;
  /** There are no more. Throws where that is too early. */
  finish?(): void;
}

/**
 * Takes things through steps: what comes together stays together, so that many cost little more than one. Of those that
 * come together with one that a step throws at, what is before it passes first.
 */
export async function* through<In, Out>(
  source: AsyncIterable<readonly In[]>,
  first: Step<In, Out>,
  ...rest: Step<Out, Out>[]
): AsyncGenerator<readonly Out[]> {
  const steps = [first, ...rest] as Step<unknown, unknown>[];
  let passed: unknown[] = [];
  const take = chained(steps, (thing) => passed.push(thing));
  for await (const things of source) {
    passed = [];
    try {
      for (const thing of things) {
        take(thing);
        if (haveEnded(steps)) break;
      }
    } catch (error) {
      if (passed.length > 0) yield passed as Out[];
      throw error;
    }
    // Out of the loop first: that ends the source, which would go on writing while a slow client reads.
    if (haveEnded(steps)) break;
    if (passed.length > 0) yield passed as Out[];
    passed = [];
  }
  if (!haveEnded(steps)) for (const step of steps) step.finish?.();
  if (passed.length > 0) yield passed as Out[];
}

/** The steps as one: each hands on to the next, and the last to `emit`. */
function chained(steps: readonly Step<unknown, unknown>[], emit: Emit<unknown>): Emit<unknown> {
  return steps.reduceRight<Emit<unknown>>((next, step) => (thing) => step.take(thing, next), emit);
}

function haveEnded(steps: readonly Step<unknown, unknown>[]): boolean {
  for (const step of steps) if (step.ended) return true;
  return false;
}

/** All that a step makes of one thing. */
export function madeOf<In, Out>(step: Step<In, Out>, thing: In): Out[] {
  const made: Out[] = [];
  step.take(thing, (one) => made.push(one));
  return made;
}

/** Things that come one by one, each for itself. */
export async function* singly<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const thing of source) yield [thing];
}
