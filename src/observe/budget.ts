/** What may be used in a day and in a month, and what of it has been. */

import type { Config } from "../config.ts";
import { dayOf, startOfDay, startOfMonth } from "../day.ts";
import { ProxyError } from "../error.ts";
import type { Log } from "../log.ts";
import { isAnswered, type RequestRecord, type RequestWatcher, type Spent } from "./request.ts";

export type BudgetConfig = Pick<Config, "budgetDay" | "budgetDayRequests" | "budgetMonth" | "budgetMonthRequests">;

/** One limit, and how much of it is used. */
export interface BudgetUse {
  period: "day" | "month";
  unit: keyof Spent;
  limit: number;
  used: number;
  /** When it begins anew (milliseconds since 1970). */
  reset: number;
}

/** From here on an answer says how much is used. */
const warnFrom = 0.8;

const periods = { day: startOfDay, month: startOfMonth } as const;
const limits = [
  { period: "day", unit: "usd", name: "budgetDay", flag: "--budget-day" },
  { period: "day", unit: "requests", name: "budgetDayRequests", flag: "--budget-day-requests" },
  { period: "month", unit: "usd", name: "budgetMonth", flag: "--budget-month" },
  { period: "month", unit: "requests", name: "budgetMonthRequests", flag: "--budget-month-requests" },
] as const;

/**
 * Refuses requests beyond the budgets. What was used before this Sluice started comes from the ledger; what has been
 * since is counted here when it ends.
 */
export class Budget implements RequestWatcher {
  readonly #config: BudgetConfig;
  readonly #earlier: ((since: number) => Spent) | undefined;
  readonly #log: Log;
  readonly #now: () => number;
  // Of no time yet: to learn what day it is here takes as long as half of all else does until Sluice listens.
  #counts = { day: noCount(), month: noCount() };
  #loaded = false;

  /** `config` is read where it is needed: it may change. `earlier` reads the ledger, where there is one. */
  constructor(
    config: BudgetConfig,
    earlier: ((since: number) => Spent) | undefined,
    log: Log,
    now: () => number = Date.now,
  ) {
    this.#config = config;
    this.#earlier = earlier;
    this.#log = log;
    this.#now = now;
  }

  ended(record: RequestRecord): void {
    if (!isAnswered(record)) return;
    const { day, month } = this.#current();
    add(day.spent, record);
    add(month.spent, record);
  }

  /** Throws a `rate_limit` with a sentence that says until when, where a budget is used up. */
  check(): void {
    if (!this.#any) return;
    const exceeded = this.uses.filter(({ limit, used }) => used >= limit);
    // The one that lasts longest: what begins anew before would not help.
    const [last] = exceeded.sort((a, b) => b.reset - a.reset);
    if (last === undefined) return;
    const { period, unit, reset } = last;
    const flag = limits.find((one) => one.period === period && one.unit === unit)?.flag;
    const wait = Math.max(1, Math.ceil((reset - this.#now()) / 1000));
    throw new ProxyError(
      "rate_limit",
      `The budget of this ${period} is used up (${showUse(last)}). It begins anew on ${dayOf(reset)} at 00:00 local time, in ${inWords(wait)}; allow more with ${flag}.`,
      { retryAfter: wait, retryable: false },
    );
  }

  /** What an answer has to say: how much of a budget is used, where that is most of it. */
  get warning(): string | undefined {
    if (!this.#any) return undefined;
    const near = this.uses.filter(({ limit, used }) => used >= warnFrom * limit);
    if (near.length === 0) return undefined;
    return near.map((use) => `budget of this ${use.period}: ${showUse(use)} used`).join("; ");
  }

  /** Whether a budget is set: most often none is, and each request asks twice. */
  get #any(): boolean {
    const { budgetDay, budgetDayRequests, budgetMonth, budgetMonthRequests } = this.#config;
    return (budgetDay ?? budgetDayRequests ?? budgetMonth ?? budgetMonthRequests) !== undefined;
  }

  /** The budgets that are set, and how much of each is used. */
  get uses(): BudgetUse[] {
    const set = limits.filter(({ name }) => this.#config[name] !== undefined);
    if (set.length === 0) return [];
    this.#load();
    const counts = this.#current();
    return set.map(({ period, unit, name }) => {
      const { spent, ends } = counts[period];
      return { period, unit, limit: this.#config[name] ?? 0, used: spent[unit], reset: ends };
    });
  }

  /** Once, when there is a budget: what the ledger knows holds what was counted here. */
  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    if (this.#earlier === undefined) return;
    const now = this.#now();
    try {
      const spent = { day: this.#earlier(startOfDay(now)), month: this.#earlier(startOfMonth(now)) };
      this.#counts = { day: counter("day", now, spent.day), month: counter("month", now, spent.month) };
    } catch (error) {
      const reason = (error as Error).message;
      this.#log.warn("The ledger can't be read: budgets count from now on only", { reason });
    }
  }

  /** The counts of the day and the month that it is now. */
  #current() {
    const now = this.#now();
    const { day, month } = this.#counts;
    if (now < day.began || now >= day.ends) this.#counts.day = counter("day", now);
    if (now < month.began || now >= month.ends) this.#counts.month = counter("month", now);
    return this.#counts;
  }
}

function add(spent: Spent, { costUsd = 0 }: RequestRecord): void {
  spent.usd += costUsd;
  spent.requests += 1;
}

/** What is counted in the day, or the month, of a time. */
function counter(period: keyof typeof periods, time: number, spent = noCount().spent) {
  return { began: periods[period](time), ends: periods[period](time, 1), spent };
}

function noCount() {
  const spent: Spent = { usd: 0, requests: 0 };
  return { began: 0, ends: 0, spent };
}

/** `$4.20 of $5.00`, `450 of 500 requests`. */
export function showUse({ unit, used, limit }: BudgetUse): string {
  return unit === "usd" ? `$${used.toFixed(2)} of $${limit.toFixed(2)}` : `${used} of ${limit} requests`;
}

/** Seconds as people say them: `45 s`, `12 min`, `3 h 5 min`, `9 d 4 h`. */
function inWords(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds < 60) return `${seconds} s`;
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(minutes / 60 / 24)} d ${Math.floor(minutes / 60) % 24} h`;
}
