/** The names of Anthropic's models, and the ways people spell them. */

import type { ModelLine } from "./types.ts";

export const modelLines: readonly ModelLine[] = ["opus", "sonnet", "haiku", "fable", "mythos"];

const family = `(${modelLines.join("|")})`;
const version = String.raw`(\d+(?:-\d+)?)`;
const familyFirst = new RegExp(`^(?:claude-)?${family}-${version}((?:-\\d{8})?)$`);
const versionFirst = new RegExp(`^(?:claude-)?${version}-${family}((?:-\\d{8})?)$`);

/** A spelling as model ids are written: `Anthropic/Claude-Sonnet-4.5` is `claude-sonnet-4-5`. */
export function plainName(asked: string): string {
  return asked
    .trim()
    .toLowerCase()
    .replace(/^anthropic\//, "")
    .replaceAll(".", "-");
}

/** `claude-sonnet-4-5` from the ways people spell it; other Claude ids as they are; undefined for the rest. */
export function fullName(name: string): string | undefined {
  const first = familyFirst.exec(name);
  if (first) return `claude-${first[1]}-${first[2]}${first[3]}`;
  const second = versionFirst.exec(name);
  // The third generation is the one that was really named like this.
  if (second)
    return Number.parseInt(second[1] ?? "") < 4
      ? `claude-${second[1]}-${second[2]}${second[3]}`
      : `claude-${second[2]}-${second[1]}${second[3]}`;
  return /^claude-[a-z0-9-]*[a-z0-9]$/.test(name) ? name : undefined;
}

/** Older ids end in the day of their release. Seconds since 1970, 0 when unknown. */
export function releaseDate(id: string): number {
  const [, year, month, day] = /-(\d{4})(\d{2})(\d{2})$/.exec(id) ?? [];
  return year ? Date.UTC(Number(year), Number(month) - 1, Number(day)) / 1000 : 0;
}
