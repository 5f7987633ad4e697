import type { Caller } from "../../src/engine/engine.ts";

/** A caller without headers, who waits for as long as the signal says. */
export function caller(signal = new AbortController().signal): Caller {
  return { headers: new Headers(), signal, abort: () => {} };
}
