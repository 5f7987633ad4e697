/** A client's config file on the disk: read as it is, and written whole or not at all. */

import {
  closeSync,
  fchmodSync,
  fchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { StartError } from "../error.ts";

/** No config file needs nearly as much (bytes). */
const largest = 10_000_000;

const mark = "\uFEFF";

export interface FoundFile {
  /** Behind all symbolic links. */
  readonly path: string;
  /** Without its byte order mark; undefined: there is no such file. */
  readonly text: string | undefined;
  readonly bytes: Buffer | undefined;
  readonly stat: Stats | undefined;
}

/** Reads a file that is there, or is not there yet. Throws a StartError for one that can't be changed. */
export function readConfig(path: string): FoundFile {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) throw refused(path, "is a link to what is not there");
    return { path, text: undefined, bytes: undefined, stat };
  }
  if (!stat.isFile()) throw refused(path, "is no regular file");
  if (stat.size > largest) throw refused(path, `is larger than ${largest} bytes`);
  // Who may write anywhere would not be stopped by it, but it was meant.
  if ((stat.mode & 0o200) === 0)
    throw refused(path, `is read-only: \`chmod u+w\` it, or put the snippet where it is made`);
  const real = realpathSync(path);
  const bytes = readFileSync(real);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refused(path, "is not UTF-8");
  }
  return { path: real, text: text.startsWith(mark) ? text.slice(1) : text, bytes, stat };
}

/** The bytes of a changed text, with the byte order mark that the file had. */
export function bytesOf({ bytes }: FoundFile, text: string): Buffer {
  const marked = bytes?.subarray(0, 3).equals(Buffer.from(mark)) ?? false;
  return Buffer.from(marked ? mark + text : text);
}

/**
 * Puts bytes in the place of a file's at once, with its mode and its owner; a new file is this user's alone. Throws a
 * StartError where that can't be done, and where the file has changed since it was read.
 */
export function replaceConfig(file: FoundFile, bytes: Buffer): void {
  const { path } = file;
  const draft = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}`);
  try {
    if (file.stat === undefined) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    create(draft, bytes, file.stat);
    checkUnchanged(file);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error instanceof StartError ? error : refused(path, `can't be written (${(error as Error).message})`);
  }
}

/** Copies a file that is there beside itself, and returns the copy's path. An older copy stays. */
export function backUp({ path, bytes, stat }: FoundFile): string {
  for (let n = 1; ; n += 1) {
    const copy = `${path}.before-sluice${n === 1 ? "" : `-${n}`}`;
    try {
      create(copy, bytes ?? Buffer.alloc(0), stat);
      return copy;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw refused(path, `can't be backed up (${message})`);
    }
  }
}

/** Removes a file that has not changed since it was read. */
export function removeConfig(file: FoundFile): void {
  checkUnchanged(file);
  rmSync(file.path);
}

function create(path: string, bytes: Buffer, like: Stats | undefined): void {
  const file = openSync(path, "wx", 0o600);
  try {
    const own = like === undefined || (like.uid === process.getuid?.() && like.gid === process.getgid?.());
    if (!own) fchownSync(file, like.uid, like.gid);
    fchmodSync(file, like === undefined ? 0o600 : like.mode & 0o777);
    writeFileSync(file, bytes, { flush: true });
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function checkUnchanged({ path, bytes }: FoundFile): void {
  const now = statSync(path, { throwIfNoEntry: false }) && readFileSync(path);
  const same = bytes === undefined ? now === undefined : now?.equals(bytes);
  if (!same) throw refused(path, "has just been changed by something else: try again");
}

function refused(path: string, reason: string): StartError {
  return new StartError("usage", `${path} ${reason}.`);
}
