import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, constants, existsSync, fchmodSync, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { ProxyError } from "../error.ts";
import { openStateFolder } from "../state.ts";
import { migrations } from "./migrations.ts";

/** Where the database of a state folder is. */
export const databasePath = (folder: string): string => join(folder, "sluice.db");

/**
 * Opens the database of a state folder, which is made where it is missing; what it holds nobody but the user can read.
 * One of an older Sluice is brought up to date by `steps`, all or none of them; one of a newer Sluice is refused. Throws a ProxyError with a sentence where that can't be.
 */
export function openDatabase(folder: string, steps = migrations): Database {
  const path = databasePath(folder);
  try {
    openStateFolder(folder);
    closeToOthers(path);
    const database = new Database(path, { readwrite: true, strict: true });
    try {
      prepare(database);
      migrate(database, path, steps);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw databaseError(path, error);
  }
}

/** Why the database of a state folder can't be written, where that is so. Writes what is there already. */
export function checkWritable(folder: string): ProxyError | undefined {
  try {
    const database = openDatabase(folder);
    try {
      database.run(`PRAGMA user_version = ${versionOf(database)}`);
    } finally {
      database.close();
    }
    return undefined;
  } catch (error) {
    return databaseError(databasePath(folder), error);
  }
}

/** Throws a ProxyError with a sentence where the database of a state folder could not be opened. Changes nothing. */
export function inspectDatabase(folder: string): void {
  const path = databasePath(folder);
  if (!existsSync(path)) return;
  try {
    using database = new Database(path, { readonly: true, strict: true });
    if (versionOf(database) > migrations.length) throw newer(path);
    database.query("SELECT count(*) FROM sqlite_schema").get();
  } catch (error) {
    throw databaseError(path, error);
  }
}

/** Any failure of the database as a sentence for whoever needs it. */
export function databaseError(path: string, error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError("bug", `The database ${path} ${ailment(error)}`, { retryable: isLocked(error), cause: error });
}

function isLocked(error: unknown): boolean {
  return error instanceof SQLiteError && (error.code ?? "").startsWith("SQLITE_BUSY");
}

function ailment(error: unknown): string {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return "is damaged: move it away, and Sluice begins a new one.";
  }
  if (isLocked(error)) return "is locked by another program: end that, or try again.";
  if (code === "ELOOP") return "is a symbolic link, which Sluice does not follow: put a file in its place.";
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") return "can't be written: the disk is full.";
  return `can't be used (${error instanceof SQLiteError ? message : code || message}).`;
}

/** Only the user can read what is stored: SQLite gives the files beside the database the mode of this one. */
function closeToOthers(path: string): void {
  for (const beside of ["-wal", "-shm", "-journal"]) {
    if (lstatSync(path + beside, { throwIfNoEntry: false })?.isSymbolicLink()) {
      throw Object.assign(new Error(`${path + beside} is a link`), { code: "ELOOP" });
    }
  }
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    const { mode, uid } = fstatSync(file);
    if (uid !== process.getuid?.()) throw new Error(`${path} belongs to another user`);
    if ((mode & 0o077) !== 0) fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

function prepare(database: Database): void {
  // Another Sluice may be writing; it does so for milliseconds. Everybody waits as long: there is one thread.
  database.run("PRAGMA busy_timeout = 250");
  // Only before the first table can it be told to give pages back.
  if (versionOf(database) === 0) database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.run("PRAGMA journal_mode = WAL");
  // A crash of Sluice loses nothing; one of the machine may lose the last moments, and harms nothing.
  database.run("PRAGMA synchronous = NORMAL");
  database.run("PRAGMA foreign_keys = ON");
  // What is deleted is prompts and answers.
  database.run("PRAGMA secure_delete = ON");
}

function newer(path: string): ProxyError {
  return new ProxyError(
    "bug",
    `The database ${path} was written by a newer Sluice: update this one, or move the file away.`,
  );
}

function versionOf(database: Database): number {
  return database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
}

function migrate(database: Database, path: string, steps: readonly string[]): void {
  // Most often there is nothing to do, and so nobody to wait for who writes.
  if (versionOf(database) === steps.length) return;
  const bring = database.transaction(() => {
    const version = versionOf(database);
    if (version > steps.length) {
      throw newer(path);
    }
    for (const statements of steps.slice(version)) database.run(statements);
    if (version < steps.length) database.run(`PRAGMA user_version = ${steps.length}`);
  });
  // At once the only writer: two that start together must not both bring it up to date.
  bring.immediate();
}
