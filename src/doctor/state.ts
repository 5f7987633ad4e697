/** The state folder, and the database in it. Nothing is made or changed. */

import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config.ts";
import { stateFolder } from "../state.ts";
import { databasePath, inspectDatabase } from "../store/database.ts";
import { isOurs, isPrivate } from "../trust.ts";
import { type Finding, ok, problem, problemOf, quote } from "./finding.ts";

export function checkState({ env }: Config): Finding[] {
  const folder = stateFolder(env);
  if (!existsSync(folder)) {
    const parent = existingParent(folder);
    if (canWrite(parent)) return [ok(`The state folder ${folder} will be made.`)];
    return [
      problem(`The state folder ${folder} can't be made: ${parent} can't be written.`, `chmod u+w ${quote(parent)}`),
    ];
  }
  const stats = statSync(folder);
  if (!stats.isDirectory())
    return [problem(`${folder} is no folder: move it away.`, `mv ${quote(folder)} ${quote(`${folder}.old`)}`)];
  if (!isOurs(stats))
    return [
      problem(`The state folder ${folder} belongs to another user.`, `sudo chown -R "$(id -un)" ${quote(folder)}`),
    ];
  if (!isPrivate(stats)) {
    return [
      problem(
        `Other users can look into the state folder ${folder}: look at what is in it, then close it.`,
        `chmod 700 ${quote(folder)}`,
      ),
    ];
  }
  if (!canWrite(folder)) return [problem(`The state folder ${folder} can't be written.`, `chmod 700 ${quote(folder)}`)];
  try {
    inspectDatabase(folder);
    return [ok(`The state folder ${folder} is yours alone, and its database can be read.`)];
  } catch (error) {
    const path = quote(databasePath(folder));
    return [problemOf(error, /move/.test(String(error)) ? `mv ${path} ${path}.old` : undefined)];
  }
}

function existingParent(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) ? parent : existingParent(parent);
}

function canWrite(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
