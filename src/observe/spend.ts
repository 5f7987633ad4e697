/** What today and this month have come to, for the page. */

import { startOfDay, startOfMonth } from "../day.ts";
import type { StateDatabase } from "../store/database.ts";
import { readUsage, type UsageSum } from "../store/usage.ts";
import type { BudgetUse } from "./budget.ts";

export interface Spend {
  readonly day: Used;
  readonly month: Used;
  readonly budgets: readonly BudgetUse[];
}

export interface Used extends Pick<UsageSum, "requests" | "failed" | "output"> {
  /** Tokens, read from a cache or not. */
  readonly input: number;
  /** List price (USD) of those requests whose price is known; null where none is. */
  readonly usd: number | null;
}

/** The ledger is not read more often (milliseconds): a month may have many rows. */
const patience = 3_000;

/** Reads the ledger. What it gives is some seconds old. */
export function spendReader(database: StateDatabase, budgets: () => readonly BudgetUse[]): () => Spend {
  let read: { spend: Spend; at: number } | undefined;
  return () => {
    if (read === undefined || performance.now() - read.at > patience) {
      const now = Date.now();
      const since = (time: number) => sumOf(readUsage(database, time, "model"));
      const spend = { day: since(startOfDay(now)), month: since(startOfMonth(now)), budgets: budgets() };
      read = { spend, at: performance.now() };
    }
    return read.spend;
  };
}

function sumOf(sums: readonly UsageSum[]): Used {
  const total = (of: (sum: UsageSum) => number) => sums.reduce((all, sum) => all + of(sum), 0);
  return {
    requests: total((sum) => sum.requests),
    failed: total((sum) => sum.failed),
    input: total((sum) => sum.input + sum.cache_read + sum.cache_write),
    output: total((sum) => sum.output),
    usd: total((sum) => sum.priced) === 0 ? null : total((sum) => sum.cost),
  };
}
