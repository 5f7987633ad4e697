/** The stream of `/live`: read as long as the page is open, through restarts of Sluice. */

import { ask, complaint } from "./access.ts";
import { readEvents } from "./events.ts";

export interface FeedHandlers {
  /** A part has changed. */
  part(name: string, value: unknown): void;
  connected(): void;
  /** The connection is gone, or there is none yet; the next try is in so many seconds. */
  lost(why: string, seconds: number): void;
  /** The client key is missing or wrong. Resolves when there is another. */
  locked(why: string): Promise<void>;
}

/** The waits before each new try (milliseconds). The last one is repeated. */
const waits = [500, 1_000, 2_000, 4_000];

/** Sluice says something at least every 10 s: after so much silence the connection is dead (milliseconds). */
const longestSilence = 25_000;

/** Reads for ever. */
export async function follow(handlers: FeedHandlers): Promise<never> {
  for (let failures = 0; ; failures++) {
    const over = new AbortController();
    let watchdog = 0;
    const heard = () => {
      clearTimeout(watchdog);
      watchdog = window.setTimeout(() => over.abort(), longestSilence);
    };
    let why = "Sluice has ended the connection.";
    try {
      heard();
      const response = await ask("/live", { signal: over.signal });
      if (response.status === 401) {
        clearTimeout(watchdog);
        await handlers.locked(await complaint(response));
        failures = -1;
        continue;
      }
      if (response.ok && response.body !== null) {
        for await (const { event, data } of readEvents(response.body, heard)) {
          if (data === "") continue;
          if (event === "hello") {
            failures = 0;
            handlers.connected();
          }
          handlers.part(event, JSON.parse(data));
        }
      } else why = await complaint(response);
    } catch {
      why = over.signal.aborted ? "Sluice has been silent for too long." : "Sluice does not answer.";
    }
    clearTimeout(watchdog);
    const wait = waits[Math.min(failures, waits.length - 1)] ?? 0;
    handlers.lost(why, wait / 1000);
    await pause(wait);
  }
}

/** A wait that ends early where somebody looks at the page again, or the network is back. */
function pause(ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = () => {
    clearTimeout(timer);
    window.removeEventListener("online", done);
    document.removeEventListener("visibilitychange", seen);
    resolve();
  };
  const seen = () => document.visibilityState === "visible" && done();
  const timer = setTimeout(done, ms);
  window.addEventListener("online", done);
  document.addEventListener("visibilitychange", seen);
  return promise;
}
