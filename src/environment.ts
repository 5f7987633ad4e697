/** The person's environment, and what it tells of the machine. */

import { homedir } from "node:os";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What is set. On Windows in capitals: there a variable is found by its name in any case, and `Path` is written. */
export function readEnvironment(env: Environment): Readonly<Record<string, string>> {
  const nameOf = (name: string) => (process.platform === "win32" ? name.toUpperCase() : name);
  const set = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[nameOf(name), value]]));
  return Object.freeze(Object.fromEntries(set));
}

/** The home folder, where Claude Code and the clients look for theirs: on Windows they ask for no HOME. */
export function homeOf(env: Environment): string {
  return env[process.platform === "win32" ? "USERPROFILE" : "HOME"] || homedir();
}

/** A line for a shell that sets a variable: one of PowerShell on Windows. */
export function exportLine(name: string, value: string): string {
  if (process.platform === "win32") return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  return `export ${name}=${/^[\w:/.@-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`}`;
}
