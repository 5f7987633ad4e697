/** The folders of the scenarios: what is in them, as values. */

import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CliLine } from "../../src/engine/claude/lines.ts";
import type { Answer } from "./answers.ts";

/** Whether the files are to be written anew, and not compared. */
export const updates = process.env["UPDATE_GOLDEN"] === "1";

const transcript = "cli.ndjson";
/** The status and headers of each answer; its body is a file of its own. */
const heads = "http.json";

type Files = Record<string, Buffer>;

export const folderOf = (name: string): string => join(import.meta.dir, name);

/** The names of all folders. */
export function folders(): string[] {
  const entries = readdirSync(import.meta.dir, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? entry.name : [])).sort();
}

/** What the CLI printed. */
export function linesOf(name: string): CliLine[] {
  const lines = readFileSync(join(folderOf(name), transcript), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as CliLine);
}

/** Every file of a scenario but its transcript. */
export function readFiles(name: string): Files {
  const folder = folderOf(name);
  const names = existsSync(folder) ? readdirSync(folder).filter((file) => file !== transcript) : [];
  return Object.fromEntries(names.map((file) => [file, readFileSync(join(folder, file))]));
}

/** Puts these files in the place of those that are there. */
export function writeFiles(name: string, files: Files): void {
  for (const file of Object.keys(readFiles(name))) rmSync(join(folderOf(name), file));
  for (const [file, bytes] of Object.entries(files)) writeFileSync(join(folderOf(name), file), bytes);
}

/** Answers by the names of their files, as those files. */
export function toFiles(answers: Record<string, Answer>): Files {
  const lines = Object.entries(answers).map(
    ([file, { status, headers }]) => `  ${JSON.stringify(file)}: ${JSON.stringify({ status, headers })}`,
  );
  const bodies = Object.entries(answers).map(([file, { body }]) => [file, body]);
  return { ...Object.fromEntries(bodies), [heads]: Buffer.from(`{\n${lines.join(",\n")}\n}\n`) };
}

/** And back. */
export function toAnswers({ [heads]: head, ...bodies }: Files): Record<string, Answer> {
  const known = JSON.parse(`${head}`) as Record<string, Omit<Answer, "body">>;
  return Object.fromEntries(
    Object.entries(bodies).map(([file, body]) => {
      const { status = 0, headers = {} } = known[file] ?? {};
      return [file, { status, headers, body }];
    }),
  );
}
