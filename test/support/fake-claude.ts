/** A scripted executable in the place of the `claude` CLI: for what the real one can't be made to do. */

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { readLines } from "../../src/wire/ndjson.ts";
import { flat } from "./flat.ts";
import type { Script } from "./fake-script.ts";

export * from "./fake-script.ts";

const main = resolve(import.meta.dir, "fake-claude-main.ts");

/**
 * Writes the executable into a folder of its own below `folder` and gives its path. With several scripts the n-th
 * process that is started follows the n-th, and those after it the last. `--version` and `auth` start no process.
 */
export async function fakeClaude(script: Script | [Script, ...Script[]], folder: string): Promise<string> {
  const home = join(folder, `fake-${crypto.randomUUID()}`);
  const path = join(home, "claude");
  await mkdir(home);
  await writeFile(join(home, "scripts.json"), JSON.stringify([script].flat()));
  await writeFile(journalOf(path), "");
  await writeFile(
    path,
    `#!${process.execPath}\nimport { fake } from ${JSON.stringify(main)};\nawait fake(import.meta.dir);\n`,
  );
  await chmod(path, 0o755);
  return path;
}

/** What happened to the processes of an executable, in order. */
export type JournalEntry =
  | { pid: number; event: "start"; argv: string[]; cwd: string; env: Record<string, string> }
  | { pid: number; event: "line"; line: Record<string, unknown> }
  | { pid: number; event: "signal"; signal: string }
  | { pid: number; event: "end of input" };

/** Reads the journal of an executable that `fakeClaude` wrote. */
export async function journal(path: string): Promise<JournalEntry[]> {
  const bytes = new Blob([await readFile(journalOf(path))]).stream();
  return (await Array.fromAsync(flat(readLines(bytes, { maxLine: Infinity })))) as JournalEntry[];
}

function journalOf(path: string): string {
  return join(path, "../journal.ndjson");
}
