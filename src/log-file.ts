/** The log as a file of its own (`--log-file`), which never grows past what a person wants to keep. */

import {
  closeSync,
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { StartError } from "./error.ts";

/** How large the file may become (bytes), and how many older ones stay beside it as FILE.1, FILE.2, … */
export const rotation = { size: 10_000_000, kept: 3 };

/**
 * Opens a log file, readable to this user alone where it is new, and returns what writes a line into it. Throws a StartError where
 * that can't be. Goes on in a new one where that is removed or moved away. A line that can't be written later (a full disk) is
 * lost: no answer fails for it.
 */
export function openLogFile(path: string, { size, kept } = rotation): (line: string) => void {
  let file = create(path);
  const reopen = () => {
    const next = open(path);
    closeSync(file);
    file = next;
  };
  const rotate = () => {
    for (let older = kept - 1; older > 0; older--) move(`${path}.${older}`, `${path}.${older + 1}`);
    // Copied and emptied, not renamed: launchd has the same file open for what a crash says, and would go on in the old one.
    copyFileSync(path, `${path}.1`);
    ftruncateSync(file);
  };
  return (line) => {
    try {
      const there = statSync(path, { throwIfNoEntry: false });
      if (there?.ino !== fstatSync(file).ino) reopen();
      if ((there?.size ?? 0) + line.length > size) rotate();
      writeSync(file, line);
    } catch {
      // There is no other place to say it.
    }
  };
}

function create(path: string): number {
  try {
    return open(path);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw refused(path, `can't be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Opens it, in a folder that may have to be made. */
function open(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  // A pipe without a reader would be waited for.
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw refused(path, "is no regular file");
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch {
    // There are not so many yet.
  }
}

function refused(path: string, reason: string): StartError {
  return new StartError("usage", `The log file ${path} ${reason}: choose another with --log-file FILE.`);
}
