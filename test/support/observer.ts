import type { Observer } from "../../src/engine/engine.ts";

/** Told of everything, and does nothing with it. */
export const indifferent: Observer = {
  answered: () => {},
  streaming: () => {},
  model: () => {},
  spoke: () => {},
  billed: () => {},
  wrote: () => {},
  passed: () => {},
  used: () => {},
  ended: () => {},
};
