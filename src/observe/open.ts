import type { Config } from "../config.ts";
import type { Log } from "../log.ts";
import type { StateDatabase } from "../store/database.ts";
import { Ledger } from "../store/ledger.ts";
import { Budget } from "./budget.ts";
import type { LiveFeed } from "./live.ts";
import { Metrics } from "./metrics.ts";
import type { Watchers } from "./request.ts";
import { Rest } from "./rest.ts";
import { spendReader } from "./spend.ts";

/** After so long without a request, memory is worth more than the next one's 40 ms (milliseconds). */
const longRest = 60_000;

/** All that watches the requests of a server. */
export interface Observation {
  readonly watchers: Watchers;
  readonly budget: Budget;
  readonly metrics: Metrics;
  /** What the page is told. */
  readonly feed: LiveFeed;
  /** Writes what is not written yet. */
  close(): void;
}

/** Opens what watches requests, beside the watchers that are given. Without a budget it reads and writes nothing yet. */
export function openObservation(
  config: Config,
  log: Log,
  given: Watchers,
  feed: LiveFeed,
  database: StateDatabase,
): Observation {
  // A demonstration is nobody's use.
  const ledger = config.noLedger || config.mode === "echo" ? undefined : new Ledger(database, log);
  const budget = new Budget(config, ledger && ((since) => ledger.spent(since)), log);
  // Now, and not in the way of the first request; without a budget it reads nothing.
  void budget.uses;
  const metrics = new Metrics();
  // What was compiled for the last requests goes, too: of 130 MB after a thousand of them 85 are left.
  const rest = new Rest(longRest, () => Bun.shrink());
  if (ledger)
    feed.add(
      "spend",
      spendReader(database, () => budget.uses),
    );
  return {
    watchers: [...(ledger ? [ledger] : []), budget, metrics, feed, rest, ...given],
    budget,
    metrics,
    feed,
    close: () => ledger?.write(),
  };
}
