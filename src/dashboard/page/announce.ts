/** What a screen reader is told unasked: little, politely, and not too often. */

import { byId } from "./dom.ts";

/** The shortest time between two (milliseconds). */
const calm = 4_000;

let waiting: string | undefined;
let timer: number | undefined;

/** Says a sentence when there was calm; of several in between, the last. */
export function announce(sentence: string): void {
  waiting = sentence;
  if (timer === undefined) speak();
}

function speak(): void {
  timer = undefined;
  if (waiting === undefined) return;
  byId("announcement").textContent = waiting;
  waiting = undefined;
  timer = window.setTimeout(speak, calm);
}
