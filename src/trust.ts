import { lstatSync, realpathSync, statSync } from "node:fs";
import { dirname } from "node:path";

const writableByAll = 0o002;
/** Of a folder such as /tmp: only its owner may take an entry away or put another in its place. */
const sticky = 0o1000;

/**
 * The first thing on the way to a path, from the path upwards, that any user of this machine could change or put something
 * else in place of; undefined when there is none. Only for what exists.
 */
export function openToAnyone(path: string, user = process.getuid?.()): string | undefined {
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
  const real = realpathSync(path);
  if ((statSync(real).mode & 0o004) === 0) return false;
  for (let at = dirname(real); at !== dirname(at); at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}
