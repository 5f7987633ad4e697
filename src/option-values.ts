/** What the values of options may be, however they were given: typed, set in a variable, or read from YAML. */

import { statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";

/**
 * What an option's value must be. A schema of zod's is one, too, but those are not cheap to build: forty of them took a
 * third of the time until Sluice listened.
 */
export interface Check<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
  /** All that it may be, where that is one of a few words. */
  readonly words?: readonly string[];
  /** A value as it would be typed, where that is not just its text. */
  show?(value: T): string;
}

/** What `read` makes of a value; undefined where it is none. */
function check<T>(read: (value: unknown) => T | undefined): Check<T> {
  return {
    safeParse(value) {
      const data = read(value);
      return data === undefined ? { success: false } : { success: true, data };
    },
  };
}

const isText = (value: unknown): value is string => typeof value === "string";

/** A text that `read` makes something of. */
const from = <T>(read: (text: string) => T | undefined): Check<T> =>
  check((value) => (isText(value) ? read(value) : undefined));

/** A whole number from `min` to `max`, read from a text or a number. */
const number = (min: number, max: number, read: (text: string) => number): Check<number> =>
  check((value) => {
    const result = isText(value) || typeof value === "number" ? read(String(value)) : Number.NaN;
    return Number.isSafeInteger(result) && result >= min && result <= max ? result : undefined;
  });

export const text = from((value) => value);

export const oneOf = <T extends string>(...words: T[]): Check<T> => ({
  ...from((value) => words.find((word) => word === value)),
  words,
});

export const matching = (pattern: RegExp): Check<string> => from((value) => (pattern.test(value) ? value : undefined));

const switches = new Map<unknown, boolean>([
  ...[true, "true", "yes", "on", "1"].map((value) => [value, true] as const),
  ...[false, "false", "no", "off", "0"].map((value) => [value, false] as const),
]);

export const onOff = check((value) => switches.get(value));

export const whole = (min: number, max: number): Check<number> =>
  number(min, max, (value) => (/^\d+$/.test(value) ? Number(value) : Number.NaN));

export const dollars = check((value) => {
  const typed = isText(value) && /^\$?\d+(\.\d+)?$/.test(value) ? Number(value.replace("$", "")) : value;
  return typeof typed === "number" && typed > 0 && typed <= 1e9 ? typed : undefined;
});

/** A number in the largest of some units, from the smallest up, of which it is a whole number. */
const inUnits = (units: Readonly<Record<string, number>>) => (value: number) => {
  const [unit, one] = Object.entries(units).findLast(([, size]) => value % size === 0) ?? ["", 1];
  return `${value / one}${unit}`;
};

const units = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

export const size: Check<number> = {
  ...number(1, units.gb, (value) => {
    const [, digits, unit = "b"] = /^(\d+) ?(b|kb|mb|gb)?$/i.exec(value) ?? [];
    return Number(digits) * units[unit.toLowerCase() as keyof typeof units];
  }),
  show: inUnits(units),
};

const timeUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in milliseconds, from a number with a unit; seconds where there is none. */
const upTo = (days: number): Check<number> => ({
  ...number(1, days * timeUnits.d, (value) => {
    const [, digits, unit = "s"] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)?$/i.exec(value) ?? [];
    return Math.round(Number(digits) * timeUnits[unit.toLowerCase() as keyof typeof timeUnits]);
  }),
  show: inUnits(timeUnits),
});

/** A time that a timer can wait. */
export const duration = upTo(24);

export const expectsTime = "a time up to 24d, such as 500ms, 90s, 5m or 2h";

/** A time that is only ever compared. */
export const age = upTo(3650);

export const expectsAge = "a time up to 3650d, such as 12h or 30d";

const withHome = (value: string): string => value.replace(/^~(?=\/|$)/, homedir());

/** A path whose `~` the shell did not see, as in a config file. */
export const path = from(withHome);

export const directory = from((value) => {
  const folder = resolve(withHome(value));
  return isDirectory(folder) ? folder : undefined;
});

export const listOf = (item: Check<string>): Check<readonly string[]> =>
  check((value) => {
    const values = isText(value) ? value.split(",") : value;
    if (!Array.isArray(values) || !values.every(isText)) return undefined;
    const given = values.map((one) => one.trim()).filter((one) => one !== "");
    const items = given.flatMap((one) => {
      const result = item.safeParse(one);
      return result.success ? [result.data] : [];
    });
    return items.length === given.length ? Object.freeze(items) : undefined;
  });

export const hostname = from((value) => {
  const name = value.toLowerCase();
  const valid = /^([a-z0-9._-]+|\[?[0-9a-f:.]*:[0-9a-f:.]*\]?)$/.test(name);
  return valid ? name.replace(/^\[|\]$/g, "") : undefined;
});

/** A web page's origin. */
export const origin = from((value) => {
  const name = value.toLowerCase();
  return /^[a-z][a-z0-9+.-]*:\/\/[^/\s*]+$/.test(name) ? name : undefined;
});

/** Something to be sent in a header. */
export const secret = matching(/^[!-~]+$/);

/** A base URL, without a slash at its end. */
export const url = from((value) => {
  const address = value.trim();
  const parsed = /^https?:\/\/[^?#\s]+$/i.test(address) ? URL.parse(address) : null;
  return parsed?.username === "" ? address.replace(/\/+$/, "") : undefined;
});

function isDirectory(folder: string): boolean {
  try {
    return statSync(folder).isDirectory();
  } catch {
    return false;
  }
}
