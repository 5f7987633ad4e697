/** Where Sluice keeps what outlives it, for this user alone. */

import { chmodSync, lstatSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { homeOf } from "./environment.ts";
import { isOurs, isPrivate } from "./trust.ts";

/** The state folder: `$XDG_STATE_HOME/sluice`; else on macOS below Application Support, on Windows below LOCALAPPDATA. */
export function stateFolder(env: Readonly<Record<string, string>>): string {
  if (env["XDG_STATE_HOME"]) return join(env["XDG_STATE_HOME"], "sluice");
  const home = homeOf(env);
  if (process.platform === "darwin") return join(home, "Library/Application Support/sluice");
  if (process.platform === "win32") return join(env["LOCALAPPDATA"] || join(home, "AppData/Local"), "sluice");
  return join(home, ".local/state/sluice");
}

/**
 * Makes the state folder where it is missing, and closes it to other users. Throws an Error with a sentence where another
 * one could have put something into it.
 */
export function openStateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stats = statSync(path);
  if (isPrivate(stats)) return;
  if (!isOurs(stats)) throw new Error(`${path} belongs to another user`);
  if ((stats.mode & 0o022) !== 0) {
    throw new Error(`other users can write into ${path}: look at what is in it, then \`chmod 700\` it`);
  }
  chmodSync(path, 0o700);
}

/** The same for a folder in the state folder, where a link would lead to what is not Sluice's. */
export function openStateSubfolder(stateFolder: string, name: string): string {
  openStateFolder(stateFolder);
  const path = join(stateFolder, name);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (!lstatSync(path).isDirectory()) throw new Error(`${path} is a symbolic link, which Sluice does not follow`);
  openStateFolder(path);
  return path;
}
