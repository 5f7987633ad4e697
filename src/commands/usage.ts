import { addressOf } from "../address.ts";
import { type ArgsDef, defineCommand } from "citty";
import { type Config, loadConfig } from "../config.ts";
import { dayOf, startOfDay } from "../day.ts";
import { placeholderKey } from "../engine/own-address.ts";
import { ProxyError, StartError } from "../error.ts";
import { createLog } from "../log.ts";
import { Budget, type BudgetUse } from "../observe/budget.ts";
import { age, expectsAge } from "../option-values.ts";
import { stateFolder } from "../state.ts";
import { StateDatabase } from "../store/database.ts";
import { type Grouping, groupings, nothing, readSpent, readUsage, totalOf, type UsageSum } from "../store/usage.ts";
import { helpArgs } from "./args.ts";
import { asText } from "./usage-text.ts";

export const usage = defineCommand<ArgsDef>({
  meta: { name: "usage", description: "Show what requests have used: tokens, list price, budgets and limits" },
  args: {
    since: { type: "string", description: "How far back to look", valueHint: "TIME", default: "7d" },
    by: { type: "string", description: "What to sum up by", valueHint: groupings.join("|"), default: "day" },
    json: { type: "boolean", description: "Print JSON" },
    ...helpArgs(),
  },
  async run({ rawArgs }) {
    const { own, rest } = split(rawArgs);
    const now = Date.now();
    const since = sinceOf(own.get("--since") ?? "7d", now);
    const by = groupingOf(own.get("--by") ?? "day");
    const { config } = loadConfig(rest);
    const report = await readReport(config, since, by, now);
    const { columns = 100, isTTY = false } = process.stdout;
    const colours = isTTY && !config.env["NO_COLOR"];
    console.log(
      own.has("--json") ? JSON.stringify(asJson(report), undefined, 2) : asText(report, { columns, colours }),
    );
  },
});

/** What `sluice usage` has to say. */
export interface UsageReport {
  by: Grouping;
  since: number;
  now: number;
  sums: UsageSum[];
  budgets: BudgetUse[];
  /** What the Sluice that runs knows of the subscription's limits; null where there is none, or it knows nothing. */
  limits: Limits | null;
}

/** The subscription's windows as `/health` tells them. */
export interface Limits {
  age_seconds?: number;
  [window: string]: unknown;
}

async function readReport(config: Config, since: number, by: Grouping, now: number): Promise<UsageReport> {
  using database = new StateDatabase(stateFolder(config.env));
  try {
    const sums = readUsage(database, since, by);
    const spent = (from: number) => readSpent(database, from);
    const budgets = new Budget(config, spent, createLog("silent"), () => now).uses;
    const named = by === "day" ? everyDay(sums, since, now) : sums;
    return { by, since, now, sums: named, budgets, limits: await askLimits(config) };
  } catch (error) {
    if (error instanceof ProxyError) throw new StartError("usage", error.message);
    throw error;
  }
}

/** Days on which nothing was asked are days, too; not those before the first one. */
function everyDay(sums: UsageSum[], since: number, now: number): UsageSum[] {
  const all = new Map(sums.map((sum) => [sum.name, sum]));
  const days: UsageSum[] = [];
  for (let day = startOfDay(since); day <= now; day = startOfDay(day, 1)) {
    const sum = all.get(dayOf(day));
    if (sum !== undefined || days.length > 0) days.push(sum ?? { ...nothing, name: dayOf(day) });
  }
  return days;
}

/** What a running Sluice is told of the limits; it needs not run. */
async function askLimits({ host, port, clientKey }: Config): Promise<Limits | null> {
  if (port === 0) return null;
  try {
    const answer = await fetch(`${addressOf({ host, port })}/health`, {
      headers: { "x-api-key": clientKey ?? placeholderKey },
      signal: AbortSignal.timeout(2_000),
    });
    const { detail } = (await answer.json()) as { detail?: { rate_limits?: Limits | null } };
    return detail?.rate_limits ?? null;
  } catch {
    return null;
  }
}

function asJson({ by, since, sums, budgets, limits }: UsageReport) {
  const { name: _, ...total } = priced(totalOf(sums));
  return {
    since: new Date(since).toISOString(),
    by,
    rows: sums.map(priced),
    total,
    budgets: budgets.map(({ reset, ...use }) => ({ ...use, reset: new Date(reset).toISOString() })),
    rate_limits: limits,
  };
}

/** Where no price is known there is none, and not one of 0. */
function priced(sum: UsageSum) {
  return { ...sum, cost: sum.priced === 0 ? null : sum.cost };
}

/** Takes this command's own flags out of a command line. */
function split(args: readonly string[]): { own: Map<string, string>; rest: string[] } {
  const own = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? "";
    const [flag = "", ...inline] = arg.split("=");
    if (arg === "--json") own.set("--json", "true");
    else if (flag === "--since" || flag === "--by")
      own.set(flag, inline.length > 0 ? inline.join("=") : (args[++index] ?? ""));
    else rest.push(arg);
  }
  return { own, rest };
}

/** From whole days on, the day of that time from its beginning. */
function sinceOf(value: string, now: number): number {
  const read = age.safeParse(value);
  if (!read.success) throw new StartError("usage", `--since must be ${expectsAge}, not ${JSON.stringify(value)}.`);
  return read.data < 86_400_000 ? now - read.data : startOfDay(now - read.data);
}

function groupingOf(value: string): Grouping {
  const grouping = groupings.find((one) => one === value);
  if (grouping !== undefined) return grouping;
  throw new StartError("usage", `--by must be ${groupings.join(", ")}, not ${JSON.stringify(value)}.`);
}
