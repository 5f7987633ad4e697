import { Readable } from "node:stream";
import type { ReadableStream as NodeStream } from "node:stream/web";

/** A pipe that a grandchild holds open is given up this long after the process is gone (milliseconds). */
const drainTime = 250;

/**
 * Lines are cut out of pieces of so many bytes. By itself the stream would take a new one of 512 for each line: half of what a
 * line leaves behind, and for that the collector stops all answers for a millisecond or two, again and again.
 */
const pieceSize = 65_536;

/**
 * A child's stdout, which ends soon after the child also where a grandchild holds the pipe open. What nobody asks for stays
 * in the pipe, but for what Bun has read by then: its own stream reads on, and is woken for every line of a child that prints
 * a thousand a second, whoever waits.
 */
export async function* outputOf(child: Bun.Subprocess<"pipe", "pipe", "pipe">): AsyncGenerator<Uint8Array> {
  // With room for a byte the stream is full whenever there is something in it.
  const stdout = Readable.fromWeb(child.stdout as unknown as NodeStream, { highWaterMark: 1 });
  const read = stdout._read;
  stdout._read = () => read.call(stdout, pieceSize);
  const pieces: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let over = false;
  let failure: Error | undefined;
  stdout.on("data", (piece: Uint8Array) => {
    pieces.push(piece);
    if (wake) wake();
    else stdout.pause();
  });
  stdout.on("error", (error) => (failure = error));
  stdout.on("close", () => {
    over = true;
    wake?.();
  });
  let left = false;
  let timer: Timer | undefined;
  void child.exited.then(() => {
    if (!left) timer = setInterval(() => wake && stdout.destroy(), drainTime);
  });
  try {
    for (;;) {
      for (let piece = pieces.shift(); piece; piece = pieces.shift()) yield piece;
      if (failure) throw failure;
      if (over) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (stdout.isPaused()) stdout.resume();
      });
      wake = undefined;
    }
  } finally {
    // Also where the child still runs: who leaves early is about to end it.
    left = true;
    clearInterval(timer);
    stdout.destroy();
  }
}
