/** What `sluice connect --write` and `--undo` do, before they do it. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { StartError } from "../error.ts";
import { type Format, type Path, Unreadable } from "./format/format.ts";
import { backUp, bytesOf, type FoundFile, readConfig, removeConfig, replaceConfig } from "./file.ts";
import { type Entry, leavesOf, putIn, showPath, takeOut, Unchangeable, valueAt } from "./merge.ts";
import { digest, type Records, type Written } from "./records.ts";

export interface Plan {
  /** The config file, behind all symbolic links. */
  readonly path: string;
  /** Its text as it is and as it will be; undefined: there is no file. */
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Does it, and says what was done: a sentence each. */
  run(): string[];
}

/** Brings entries into a config file. Throws a StartError where they can't be. */
export function planWrite(path: string, format: Format, entries: readonly Entry[], records: Records): Plan {
  const file = readConfig(path);
  const record = records.read(file.path);
  const leaves = leavesOf(entries);
  const before = file.text ?? "";
  const after = readable(file, () => {
    // What an earlier write has left, and is not wanted any more.
    const known = new Set(leaves.map((leaf) => digest(leaf.path)));
    const stale = ours(format, before, record).filter((one) => !known.has(digest(one)));
    return putIn(format, takeOut(format, before, stale, originalOf(record)), leaves);
  });
  if (after === file.text) return { ...file, before, after, run: () => [`${file.path} has it all already.`] };

  const bytes = bytesOf(file, after);
  return {
    path: file.path,
    before: file.text,
    after,
    run: () => {
      // Who edits the file by hand between two writes keeps that.
      const untouched = record === undefined || record.whole === digest(file.bytes);
      const backup = record === undefined ? file.text !== undefined && backUp(file) : record.backup;
      const written: Written = {
        file: file.path,
        ...(backup && { backup }),
        ...(untouched && { whole: digest(bytes) }),
        values: valuesOf(format, before, leaves, record),
      };
      records.write(written);
      try {
        replaceConfig(file, bytes);
      } catch (error) {
        if (record !== undefined) records.write(record);
        else {
          records.remove(file.path);
          if (backup) rmSync(backup);
        }
        throw error;
      }
      if (file.text === undefined) return [`Made ${file.path}.`];
      return [`Wrote into ${file.path}${backup ? `; as it was before: ${backup}` : ""}.`];
    },
  };
}

/** Takes what was written out of a config file again; undefined where nothing was. Throws a StartError where it can't. */
export function planUndo(path: string, format: Format, records: Records): Plan | undefined {
  const file = readConfig(path);
  const record = records.read(file.path);
  if (record === undefined || file.text === undefined) return undefined;
  const plan = record.whole === digest(file.bytes) ? planRestore(file, record) : planTakeOut(file, format, record);
  const run = () => {
    const said = plan.run();
    records.remove(file.path);
    return said;
  };
  return { ...plan, path: file.path, before: file.text, run };
}

type Undo = Pick<Plan, "after" | "run">;

/** Nobody has changed the file since. */
function planRestore(file: FoundFile, { backup }: Written): Undo {
  if (backup === undefined) {
    return { after: undefined, run: () => [removed(file)] };
  }
  if (!existsSync(backup)) throw refused(file, `can't be brought back: its backup ${backup} is gone`);
  const bytes = readFileSync(backup);
  const run = () => {
    replaceConfig(file, bytes);
    rmSync(backup);
    return [`${file.path} is as it was before.`];
  };
  return { after: bytes.toString().replace(/^\uFEFF/, ""), run };
}

/** Somebody has: that stays. */
function planTakeOut(file: FoundFile, format: Format, record: Written): Undo {
  const before = file.text ?? "";
  return readable(file, () => {
    const paths = ours(format, before, record);
    const tree = format.parse(before);
    const after = takeOut(format, before, paths, originalOf(record));
    const kept = record.values
      .map((one) => one.path)
      .filter((one) => !paths.includes(one) && valueAt(tree, one) !== undefined);
    const empty = record.backup === undefined && Bun.deepEquals(format.parse(after), {});
    const run = () => {
      if (empty) return [removed(file)];
      if (after !== before) replaceConfig(file, bytesOf(file, after));
      return [
        `${file.path} has changed since Sluice wrote into it: took out only what Sluice had written.`,
        ...(kept.length > 0 ? [`Left as it is, for it has another value now: ${kept.map(showPath).join(", ")}.`] : []),
        ...(record.backup === undefined ? [] : [`The file as it was before Sluice: ${record.backup}`]),
      ];
    };
    return { after: empty ? undefined : after, run };
  });
}

function removed(file: FoundFile): string {
  removeConfig(file);
  return `Removed ${file.path}, which Sluice had made.`;
}

/** Of what was written, what still has the value that was written. */
function ours(format: Format, text: string, record: Written | undefined): Path[] {
  const tree = format.parse(text);
  const values = record?.values ?? [];
  return values.filter((one) => digest(valueAt(tree, one.path)) === one.digest).map((one) => one.path);
}

/** What the file said before Sluice wrote into it. */
function originalOf(record: Written | undefined): string {
  if (record?.backup === undefined || !existsSync(record.backup)) return "";
  return readFileSync(record.backup, "utf8").replace(/^\uFEFF/, "");
}

function valuesOf(
  format: Format,
  before: string,
  leaves: readonly Entry[],
  record: Written | undefined,
): Written["values"] {
  const tree = format.parse(before);
  const earlier = new Set(record?.values.map((one) => digest(one.path)));
  return leaves
    .filter(({ path, optional }) => !optional || earlier.has(digest(path)) || valueAt(tree, path) === undefined)
    .map(({ path, value }) => ({ path, digest: digest(value) }));
}

function readable<T>(file: FoundFile, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Unreadable) {
      throw refused(file, `${error.message}, line ${error.line}, column ${error.column}: nothing was changed`);
    }
    if (error instanceof Unchangeable) throw refused(file, `${error.message}: put the snippet in by hand`);
    throw error;
  }
}

function refused({ path }: FoundFile, reason: string): StartError {
  return new StartError("usage", `${path} ${reason}.`);
}
