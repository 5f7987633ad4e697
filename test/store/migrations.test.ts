/** Databases of older and newer Sluices. */

import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import { openDatabase, StateDatabase } from "../../src/store/database.ts";
import { migrations } from "../../src/store/migrations.ts";
import { StoredResponses } from "../../src/store/responses.ts";
import { temporaryFolder } from "../support/environment.ts";
import { storedResponse } from "./material.ts";

/** What a Sluice of each version has left, by a row that it could have written. */
const rows: string[] = [
  // Before there was anything.
  "SELECT 1",
  `INSERT INTO response (id, previous, created, bytes, body, input, pieces)
     VALUES ('resp_old', NULL, 9000000000000, 10, '{"id":"resp_old","previous_response_id":null,"output":[]}', '[]', '[]')`,
];
const requestRow = {
  id: "req_old",
  day: "2026-11-21",
  at: 1795255200000,
  client: "curl",
  api: "messages",
  engine: "claude",
  ms: 5.5,
  status: 200,
  outcome: "ok",
};
const values = Object.values(requestRow).map((value) => (typeof value === "string" ? `'${value}'` : value));
rows.push(`${rows[1]}; INSERT INTO request (${Object.keys(requestRow).join()}) VALUES (${values.join()})`);
// Since then what is stored is counted when it comes and goes.
rows.push(rows[2] ?? "");
// Since then requests are kept in the order of time.
rows.push(rows[2] ?? "");

/** The next version that there will be. */
const next = [...migrations, "ALTER TABLE response ADD COLUMN tokens INTEGER NOT NULL DEFAULT 7"];
const version = (database: Database) => database.query("PRAGMA user_version").get() as { user_version: number };

/** A database as a Sluice of that version leaves it. */
function leave(folder: string, at: number): void {
  openDatabase(folder, migrations.slice(0, at)).close();
  const database = new Database(join(folder, "sluice.db"));
  database.run(rows[at] ?? "");
  database.close();
}

test("there is a row of every version", () => expect(rows).toHaveLength(migrations.length + 1));

describe.each(rows.map((_, at) => at))("a database of version %p", (at) => {
  test("is brought up to date, with what it holds", async () => {
    await using folder = await temporaryFolder();
    leave(folder.path, at);
    const state = new StateDatabase(folder.path);
    const store = new StoredResponses(state, { ttl: 1e15 }, createLog("silent"));
    expect(store.get("resp_old")?.response.id).toBe(at === 0 ? undefined : "resp_old");
    expect(store.save(storedResponse("resp_new"))).toBe(true);
    state.close();
    const database = openDatabase(folder.path);
    expect(version(database)).toEqual({ user_version: migrations.length });
    const unknown = ["model", "way", "input", "output", "cache_read", "cache_write", "cost", "first_text_ms"];
    expect(database.query("SELECT * FROM request").all()).toEqual(
      at < 2 ? [] : [{ ...requestRow, ...Object.fromEntries(unknown.map((name) => [name, null])) }],
    );
    database.close();
  });

  test("is brought to the next version too", async () => {
    await using folder = await temporaryFolder();
    leave(folder.path, at);
    const database = openDatabase(folder.path, next);
    expect(version(database)).toEqual({ user_version: next.length });
    expect(database.query("SELECT id, tokens FROM response").all()).toEqual(
      at === 0 ? [] : [{ id: "resp_old", tokens: 7 }],
    );
    database.close();
  });
});

test("a step that fails leaves all as it was, for the version that can read it", async () => {
  await using folder = await temporaryFolder();
  leave(folder.path, migrations.length);
  expect(() => openDatabase(folder.path, [...next, "THIS IS NO SQL"])).toThrow("can't be used");
  const database = openDatabase(folder.path);
  expect(version(database)).toEqual({ user_version: migrations.length });
  expect(database.query("SELECT * FROM response").all()).not.toHaveProperty("0.tokens");
  database.close();
});

test("one of a newer Sluice is refused with a sentence, and stays as it is", async () => {
  await using folder = await temporaryFolder();
  openDatabase(folder.path, next).close();
  expect(() => openDatabase(folder.path)).toThrow(
    `The database ${join(folder.path, "sluice.db")} was written by a newer Sluice: update this one, or move the file away.`,
  );
  const database = openDatabase(folder.path, next);
  expect(version(database)).toEqual({ user_version: next.length });
  database.close();
});
