import { Database, SQLiteError } from "bun:sqlite";
import { closeSync, constants, existsSync, fchmodSync, fstatSync, lstatSync, openSync } from "node:fs";
import { join } from "node:path";
import { ProxyError } from "../error.ts";
import { openStateFolder } from "../state.ts";
import { isOurs, isPrivate } from "../trust.ts";
import { migrations } from "./migrations.ts";

/** How long whoever needs the database waits for another Sluice that writes (milliseconds): it does so for some. */
const defaultPatience = 250;

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

/** Writes what is there already. */
export function writeAgain(database: Database): void {
  database.run(`PRAGMA user_version = ${versionOf(database)}`);
}

interface Opened {
  database: Database;
  file: string | undefined;
  patience: number;
}

/**
 * The database of a state folder for all of a process that read and write it, opened when it is first needed. One connection
 * for all: where the file is removed or moved away, none may hold on to what lay beside it when a new one is begun.
 */
export class StateDatabase implements Disposable {
  #opened: Opened | undefined;

  constructor(readonly folder: string) {}

  /** Whether there is one. */
  get exists(): boolean {
    return existsSync(databasePath(this.folder));
  }

  /** Works with it, and waits so long for another program (milliseconds). Throws a ProxyError with a sentence. */
  use<T>(work: (database: Database) => T, patience = defaultPatience): T {
    try {
      return work(this.#open(patience));
    } catch (error) {
      // Opened anew when it is needed next: by then a person may have mended it, or moved it away.
      this.close();
      throw databaseError(databasePath(this.folder), error);
    }
  }

  /** Why it can't be opened, or worked with, where that is so. */
  fault(work: (database: Database) => void = () => {}): ProxyError | undefined {
    try {
      this.use(work);
      return undefined;
    } catch (error) {
      return error as ProxyError;
    }
  }

  close(): void {
    this.#opened?.database.close();
    this.#opened = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(patience: number): Database {
    const file = fileAt(databasePath(this.folder));
    // What is written to a file that was removed nobody will read.
    if (file !== this.#opened?.file) this.close();
    this.#opened ??= open(this.folder);
    const { database } = this.#opened;
    if (patience !== this.#opened.patience) database.run(`PRAGMA busy_timeout = ${patience}`);
    this.#opened.patience = patience;
    return database;
  }
}

function open(folder: string): Opened {
  const database = openDatabase(folder);
  return { database, file: fileAt(databasePath(folder)), patience: defaultPatience };
}

/** Which file a path leads to, whatever its name. */
function fileAt(path: string): string | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat && `${stat.dev}:${stat.ino}`;
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
    const stats = fstatSync(file);
    if (!isOurs(stats)) throw new Error(`${path} belongs to another user`);
    if (!isPrivate(stats)) fchmodSync(file, 0o600);
  } finally {
    closeSync(file);
  }
}

function prepare(database: Database): void {
  // Everybody waits as long: there is one thread.
  database.run(`PRAGMA busy_timeout = ${defaultPatience}`);
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
