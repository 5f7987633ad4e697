/** What the ledger holds, for those who ask: it may be asked while a Sluice writes it. */

import { dayOf } from "../day.ts";
import type { Spent } from "../observe/request.ts";
import type { StateDatabase } from "./database.ts";

export const groupings = ["model", "client", "day"] as const;
export type Grouping = (typeof groupings)[number];

/** What some requests come to. Counts of tokens, which cost nothing, are none of them. */
export interface UsageSum {
  /** The model, the client or the day; "" where it is not known. */
  name: string;
  requests: number;
  /** How many of them did not end well. */
  failed: number;
  /** Tokens. Input is what was neither read from the cache nor written to it. */
  input: number;
  output: number;
  cache_read: number;
  cache_write: number;
  /** Of how many the price is known, and what those come to (USD). */
  priced: number;
  cost: number;
}

/** What no requests come to. */
export const nothing: UsageSum = {
  name: "",
  requests: 0,
  failed: 0,
  input: 0,
  output: 0,
  cache_read: 0,
  cache_write: 0,
  priced: 0,
  cost: 0,
};

/** All sums as one. */
export function totalOf(sums: readonly UsageSum[]): UsageSum {
  const total = { ...nothing };
  for (const sum of sums) {
    for (const key of Object.keys(total) as (keyof UsageSum)[]) if (key !== "name") total[key] += sum[key];
  }
  return total;
}

/**
 * What the requests since a time come to, days in their order, else the most tokens first; of days that are sums by now, whole
 * days. Empty where there is no ledger; throws a ProxyError with a sentence where it can't be read.
 */
export function readUsage(database: StateDatabase, since: number, by: Grouping): UsageSum[] {
  const sums = `count(*) AS requests, sum(outcome <> 'ok') AS failed, total(input) AS input, total(output) AS output,
    total(cache_read) AS cache_read, total(cache_write) AS cache_write, count(cost) AS priced, total(cost) AS cost`;
  const ofSums = ["requests", "failed", "input", "output", "cache_read", "cache_write", "priced", "cost"]
    .map((name) => `total(${name}) AS ${name}`)
    .join();
  return read<UsageSum>(
    database,
    `SELECT name, ${ofSums} FROM (
       SELECT coalesce(${by}, '') AS name, ${sums} FROM request
         WHERE day >= ?1 AND at >= ?2 AND api <> 'count' GROUP BY 1
       UNION ALL
       SELECT ${by}, requests, failed, input, output, cache_read, cache_write, priced, cost FROM day_sum
         WHERE day >= ?1 AND api <> 'count'
     ) GROUP BY name ORDER BY ${by === "day" ? "name" : "input + cache_read + cache_write + output DESC, name"}`,
    [dayOf(since), since],
  );
}

/** What the model was asked since a time, at most some months ago; `isAnswered` in SQL says what counts. */
export function readSpent(database: StateDatabase, since: number): Spent {
  const [spent] = read<Spent>(
    database,
    `SELECT total(cost) AS usd, count(*) AS requests FROM request
     WHERE day >= ? AND at >= ? AND api <> 'count' AND (outcome = 'ok' OR input IS NOT NULL)`,
    [dayOf(since), since],
  );
  return spent ?? { usd: 0, requests: 0 };
}

function read<T>(database: StateDatabase, query: string, values: (string | number)[]): T[] {
  if (!database.exists) return [];
  return database.use((opened) => opened.query<T, (string | number)[]>(query).all(...values));
}
