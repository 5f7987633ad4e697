/** A random secret of this installation, in a file of the state folder. */

import { randomBytes } from "node:crypto";
import { closeSync, constants, fstatSync, linkSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openStateFolder } from "./state.ts";
import { isPrivate } from "./trust.ts";

/** How many bytes a key has. */
export const keyLength = 32;

/**
 * Reads the key of that name, or makes it, readable to this user alone; of several that make it at once all get the
 * same. Throws where it can be neither read nor made, and where others could have read it.
 */
export function readOrCreateKey(folder: string, name: string): Buffer {
  const path = join(folder, name);
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  openStateFolder(folder);
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    writeFileSync(draft, randomBytes(keyLength), { mode: 0o600, flag: "wx", flush: true });
    // The name appears with the whole key behind it, or not at all; a key that is there already stays.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(path);
}

function read(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (!isPrivate(fstatSync(file))) {
      throw new Error(`${path} must be a file that only its owner, this user, can read`);
    }
    const key = readFileSync(file);
    if (key.length !== keyLength) throw new Error(`${path} is not a key of ${keyLength} bytes`);
    return key;
  } finally {
    closeSync(file);
  }
}
