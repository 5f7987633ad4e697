/** What becomes of things that come one after the other. */
export interface Step<In, Out> {
  take(thing: In): readonly Out[];
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
  const take = (thing: unknown, at: number): void => {
    const step = steps[at];
    if (step === undefined) passed.push(thing);
    else for (const one of step.take(thing)) take(one, at + 1);
  };
  const ended = () => steps.some((step) => step.ended);
  for await (const things of source) {
    passed = [];
    try {
      for (const thing of things) {
        take(thing, 0);
        if (ended()) break;
      }
    } catch (error) {
      if (passed.length > 0) yield passed as Out[];
      throw error;
    }
    // Out of the loop first: that ends the source, which would go on writing while a slow client reads.
    if (ended()) break;
    if (passed.length > 0) yield passed as Out[];
    passed = [];
  }
  if (!ended()) for (const step of steps) step.finish?.();
  if (passed.length > 0) yield passed as Out[];
}

/** Things that come one by one, each for itself. */
export async function* singly<T>(source: AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  for await (const thing of source) yield [thing];
}
