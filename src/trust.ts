/** Whom a file belongs to, and who else may read or change it. */

import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Windows tells neither owners nor modes, only access lists: what is below a person's profile is closed to others by that
 * of the profile, and other places are taken as they are.
 */
const tellsOwners = () => process.platform !== "win32";

/** Whether a file or folder belongs to this user. */
export function isOurs({ uid }: Pick<Stats, "uid">): boolean {
  return !tellsOwners() || uid === process.getuid?.();
}

/** Whether it belongs to this user, and nobody else may so much as look into it. */
export function isPrivate(stats: Pick<Stats, "uid" | "mode">): boolean {
  return !tellsOwners() || (isOurs(stats) && (stats.mode & 0o077) === 0);
}

const writableByAll = 0o002;
/** Of a folder such as /tmp: only its owner may take an entry away or put another in its place. */
const sticky = 0o1000;

/**
 * The first thing on the way to a path, from the path upwards, that any user of this machine could change or put something
 * else in place of; undefined when there is none. Only for what exists.
 */
export function openToAnyone(path: string, user = process.getuid?.()): string | undefined {
  if (!tellsOwners()) return undefined;
  for (const way of new Set([path, realpathSync(path)])) {
    for (let at = way, below = ""; at !== below; below = at, at = dirname(at)) {
      const { mode } = statSync(at);
      if ((mode & writableByAll) === 0) continue;
      if ((mode & sticky) === 0) return at;
      if (below !== "" && ![0, user].includes(lstatSync(below).uid)) return below;
    }
  }
  return undefined;
}

/** Whether any user of this machine can read a file. */
export function readableByAnyone(path: string): boolean {
  if (!tellsOwners()) return false;
  const real = realpathSync(path);
  if ((statSync(real).mode & 0o004) === 0) return false;
  for (let at = dirname(real); at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}
