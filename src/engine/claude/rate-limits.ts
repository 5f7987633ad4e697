import { z } from "zod";
import { type CliLine, isRateLimit } from "./lines.ts";

/** What a header may carry; anything else is left out, as what a version does not tell is. */
const word = z
  .string()
  .regex(/^[\w.-]{1,64}$/)
  .optional()
  .catch(undefined);
const number = z.number().optional().catch(undefined);
const flag = z.boolean().optional().catch(undefined);
const usage = { utilization: number, surpassedThreshold: number };
const window = z.object({ status: word, resetsAt: number, ...usage });
const told = window.optional().catch(undefined);

/** `rate_limit_info` of a `rate_limit_event` (cli-protocol.md 2.5). Times are seconds since 1970. */
const infoSchema = z.object({
  status: word,
  resetsAt: number,
  rateLimitType: word,
  ...usage,
  overageStatus: word,
  overageResetsAt: number,
  overageDisabledReason: word,
  overageInUse: flag,
  unifiedWindows: z
    .object({ five_hour: told, seven_day: told, seven_day_overage_included: told })
    .optional()
    .catch(undefined),
});

type Info = z.infer<typeof infoSchema>;
type Window = z.infer<typeof window>;

/** One limit, in the words of the API's headers. */
type Limit = Record<string, string | number | boolean | undefined>;

/** What is left of the subscription: of the limit that decides now, and of each. */
interface Limits {
  overall: Limit;
  each: Record<string, Limit>;
}

/** The CLI's names of the windows, and the API's. */
const windows = [
  ["five_hour", "5h"],
  ["seven_day", "7d"],
  ["seven_day_overage_included", "7d_oi"],
] as const;

const prefix = "anthropic-ratelimit-unified-";

/** What the CLI told last of the subscription's limits. Told with a login only: an API key has none of this kind. */
export class RateLimits {
  #told: { limits: Limits; at: number } | undefined;

  constructor(readonly clock: () => number = Date.now) {}

  /** Takes a line of any process; those that tell nothing of the limits change nothing. */
  take(line: CliLine): void {
    if (!isRateLimit(line)) return;
    const { success, data } = infoSchema.safeParse(line.rate_limit_info);
    if (success && isTold(data)) this.#told = { limits: toLimits(data), at: this.clock() };
  }

  /** As the headers of the Messages API; without those whose time is over, and empty where nothing is known. */
  get headers(): Record<string, string> {
    const { overall, each } = this.#current();
    const groups: Record<string, Limit> = { "": overall };
    for (const [name, limit] of Object.entries(each)) groups[`${name}-`] = limit;
    const headers = Object.entries(groups).flatMap(([group, limit]) =>
      Object.entries(limit).map(([name, value]) => [prefix + group + name, String(value)]),
    );
    return Object.fromEntries(headers);
  }

  /** The same for people and programs that watch, with the age of what is known; null where nothing is. */
  get report(): Record<string, unknown> | null {
    if (!this.#told) return null;
    const { overall, each } = this.#current();
    return { age_seconds: Math.max(0, Math.round((this.clock() - this.#told.at) / 1000)), ...overall, ...each };
  }

  #current(): Limits {
    const { overall, each } = this.#told?.limits ?? { overall: {}, each: {} };
    const now = this.clock() / 1000;
    const holds = ({ reset }: Limit) => typeof reset !== "number" || reset > now;
    return {
      overall: holds(overall) ? overall : {},
      each: Object.fromEntries(Object.entries(each).filter(([, limit]) => holds(limit))),
    };
  }
}

/**
 * Whether the upstream is behind it. Where it says nothing of limits, the CLI makes up a bare status: `allowed` for an
 * answer, `rejected` for a 429 of any kind.
 */
function isTold({ rateLimitType, resetsAt, overageStatus, unifiedWindows }: Info): boolean {
  return [rateLimitType, resetsAt, overageStatus, unifiedWindows].some((field) => field !== undefined);
}

function toLimits(info: Info): Limits {
  const { status, resetsAt, rateLimitType, unifiedWindows = {} } = info;
  const each: Record<string, Limit> = { overage: toOverage(info) };
  for (const [type, name] of windows) each[name] = toLimit(unifiedWindows[type] ?? {});
  // An older CLI tells of the limit that decides, and of no other.
  const decisive = rateLimitType === "overage" ? "overage" : new Map<string, string>(windows).get(rateLimitType ?? "");
  if (decisive !== undefined) each[decisive] = { ...toUsage(info), ...each[decisive] };
  return {
    overall: defined({ status, reset: whole(resetsAt), "representative-claim": rateLimitType }),
    each: Object.fromEntries(Object.entries(each).filter(([, limit]) => Object.keys(limit).length > 0)),
  };
}

function toLimit(window: Partial<Window>): Limit {
  return defined({ status: window.status, reset: whole(window.resetsAt), ...toUsage(window) });
}

function toOverage({ overageStatus, overageResetsAt, overageDisabledReason, overageInUse }: Info): Limit {
  const reset = whole(overageResetsAt);
  return defined({ status: overageStatus, reset, "disabled-reason": overageDisabledReason, "in-use": overageInUse });
}

function toUsage({
  utilization,
  surpassedThreshold,
}: Pick<Partial<Window>, "utilization" | "surpassedThreshold">): Limit {
  return defined({ utilization, "surpassed-threshold": surpassedThreshold });
}

function whole(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds);
}

function defined(limit: Limit): Limit {
  return Object.fromEntries(Object.entries(limit).filter(([, value]) => value !== undefined));
}
