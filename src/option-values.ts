/** What the values of options may be, however they were given: typed, set in a variable, or read from YAML. */

import { statSync } from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { z } from "zod";

export const onOff = z.union([
  z.boolean(),
  z
    .enum(["true", "yes", "on", "1", "false", "no", "off", "0"])
    .transform((value) => ["true", "yes", "on", "1"].includes(value)),
]);

export const whole = (min: number, max: number) =>
  z
    .union([z.string().regex(/^\d+$/), z.number()])
    .transform(Number)
    .pipe(z.number().int().min(min).max(max));

export const dollars = z
  .union([z.string().regex(/^\$?\d+(\.\d+)?$/), z.number()])
  .transform((value) => Number(String(value).replace("$", "")))
  .pipe(z.number().positive().max(1e9));

const units = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

export const size = z
  .union([z.string(), z.number()])
  .transform((value) => {
    const [, digits, unit = "b"] = /^(\d+) ?(b|kb|mb|gb)?$/i.exec(String(value)) ?? [];
    return Number(digits) * units[unit.toLowerCase() as keyof typeof units];
  })
  .pipe(z.number().int().min(1).max(units.gb));

const timeUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time in milliseconds, from a number with a unit; seconds where there is none. */
const upTo = (days: number) =>
  z
    .union([z.string(), z.number()])
    .transform((value) => {
      const [, digits, unit = "s"] = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)?$/i.exec(String(value)) ?? [];
      return Math.round(Number(digits) * timeUnits[unit.toLowerCase() as keyof typeof timeUnits]);
    })
    .pipe(
      z
        .number()
        .int()
        .min(1)
        .max(days * timeUnits.d),
    );

/** A time that a timer can wait. */
export const duration = upTo(24);

export const expectsTime = "a time up to 24d, such as 500ms, 90s, 5m or 2h";

/** A time that is only ever compared. */
export const age = upTo(3650);

export const expectsAge = "a time up to 3650d, such as 12h or 30d";

/** A path whose `~` the shell did not see, as in a config file. */
export const path = z.string().transform((value) => value.replace(/^~(?=\/|$)/, homedir()));

export const directory = path.transform((value) => resolve(value)).refine(isDirectory);

export const listOf = (item: z.ZodType<string, string>) =>
  z
    .union([z.string().transform((value) => value.split(",")), z.array(z.string())])
    .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ""))
    .pipe(z.array(item))
    .readonly();

export const hostname = z
  .string()
  .toLowerCase()
  .regex(/^([a-z0-9._-]+|\[?[0-9a-f:.]*:[0-9a-f:.]*\]?)$/)
  .transform((value) => value.replace(/^\[|\]$/g, ""));

/** Something to be sent in a header. */
export const secret = z.string().regex(/^[!-~]+$/);

/** A base URL, without a slash at its end. */
export const url = z
  .url({ protocol: /^https?$/, abort: true })
  .refine((value) => !/[?#]/.test(value) && new URL(value).username === "")
  .transform((value) => value.replace(/\/+$/, ""));

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
