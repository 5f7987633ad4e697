import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, constants, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { ProxyError } from "../error.ts";
import { migrations } from "./migrations.ts";

/** Where the database of a state folder is. */
export const databasePath = (folder: string): string => join(folder, "sluice.db");

/**
 * Opens the database of a state folder, which is made where it is missing; what it holds nobody but the user can read.
 * Throws a ProxyError with a sentence where that can't be.
 */
export function openDatabase(folder: string): Database {
  const path = databasePath(folder);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // SQLite gives the files beside it the mode of this one.
    closeSync(openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
    const database = new Database(path, { readwrite: true, strict: true });
    try {
      prepare(database);
      migrate(database, path);
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (error) {
    throw databaseError(path, error);
  }
}

/** Any failure of the database as a sentence for whoever needs it. */
export function databaseError(path: string, error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  return new ProxyError("bug", `The database ${path} ${ailment(error)}`, { cause: error });
}

function ailment(error: unknown): string {
  const { code = "", message = String(error) } = error as { code?: string; message?: string };
  if (code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")) {
    return "is damaged: move it away, and Sluice begins a new one.";
  }
  if (code === "ELOOP") return "is a symbolic link, which Sluice does not follow: put a file in its place.";
  if (code.startsWith("SQLITE_FULL") || code === "ENOSPC") return "can't be written: the disk is full.";
  return `can't be used (${error instanceof SQLiteError ? message : code || message}).`;
}

function prepare(database: Database): void {
  // Another Sluice may be writing; it does so for milliseconds.
  database.run("PRAGMA busy_timeout = 2000");
  // Only before the first table can it be told to give pages back.
  database.run("PRAGMA auto_vacuum = INCREMENTAL");
  database.run("PRAGMA journal_mode = WAL");
  // A crash of Sluice loses nothing; one of the machine may lose the last moments, and harms nothing.
  database.run("PRAGMA synchronous = NORMAL");
  database.run("PRAGMA foreign_keys = ON");
  // What is deleted is prompts and answers.
  database.run("PRAGMA secure_delete = ON");
}

function migrate(database: Database, path: string): void {
  const bring = database.transaction(() => {
    const [row] = database.query<{ user_version: number }, []>("PRAGMA user_version").all();
    const version = row?.user_version ?? 0;
    if (version > migrations.length) {
      throw new ProxyError(
        "bug",
        `The database ${path} was written by a newer Sluice: update this one, or move the file away.`,
      );
    }
    for (const statements of migrations.slice(version)) database.run(statements);
    if (version < migrations.length) database.run(`PRAGMA user_version = ${migrations.length}`);
  });
  // At once the only writer: two that start together must not both bring it up to date.
  bring.immediate();
}
