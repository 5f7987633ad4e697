import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import { databasePath, StateDatabase, writeAgain } from "../../src/store/database.ts";
import { Ledger } from "../../src/store/ledger.ts";
import { StoredResponses } from "../../src/store/responses.ts";
import { readUsage } from "../../src/store/usage.ts";
import { temporaryFolder } from "../support/environment.ts";
import { requestRecord } from "./ledger-records.ts";
import { storedResponse } from "./material.ts";

const silent = createLog("silent");

const losses: readonly [how: string, lose: (folder: string) => void][] = [
  ["removed", (folder) => rmSync(databasePath(folder))],
  ["moved away", (folder) => renameSync(databasePath(folder), join(folder, "old.db"))],
  [
    "removed with what is beside it",
    (folder) => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
    },
  ],
  ["in a folder that is removed", (folder) => rmSync(folder, { recursive: true })],
  [
    "replaced by an empty one",
    (folder) => {
      for (const name of readdirSync(folder)) rmSync(join(folder, name));
      new Database(databasePath(folder)).close();
    },
  ],
];

test.each(losses)("one that is %s under a Sluice that runs is begun anew, by all that need it", async (_, lose) => {
  await using temporary = await temporaryFolder();
  const folder = join(temporary.path, "state");
  mkdirSync(folder, { mode: 0o700 });
  using database = new StateDatabase(folder);
  const ledger = new Ledger(database, silent);
  const responses = new StoredResponses(database, { ttl: 3600_000 }, silent);
  const write = (id: string) => {
    ledger.ended(requestRecord());
    ledger.write();
    expect(responses.save(storedResponse(id))).toBe(true);
  };
  write("before");
  lose(folder);
  expect(database.fault(writeAgain)).toBeUndefined();
  expect(readUsage(database, 0, "day")).toEqual([]);
  expect(responses.get("before")).toBeUndefined();
  write("after");
  expect(responses.get("after")).toBeDefined();
  expect(readUsage(database, 0, "day")).toMatchObject([{ requests: 1 }]);

  // And so it is for whoever comes later.
  database.close();
  using later = new Database(databasePath(folder), { readonly: true });
  expect(later.query("SELECT id FROM response").all()).toEqual([{ id: "after" }]);
  expect(later.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
});

test.each(["is used again", "is closed"])(
  "what another Sluice has begun in its place stays whole when this one %s",
  async (how) => {
    await using folder = await temporaryFolder();
    const databases = [new StateDatabase(folder.path), new StateDatabase(folder.path)] as const;
    const [one, other] = databases.map((database) => new StoredResponses(database, { ttl: 3600_000 }, silent));
    one?.save(storedResponse("before"));
    for (const name of readdirSync(folder.path)) rmSync(join(folder.path, name));
    other?.save(storedResponse("a"));
    if (how === "is closed") databases[0].close();
    else expect(one?.get("before")).toBeUndefined();
    other?.save(storedResponse("b"));
    using reader = new Database(databasePath(folder.path), { readonly: true });
    expect(reader.query("SELECT id FROM response ORDER BY id").all()).toEqual([{ id: "a" }, { id: "b" }]);
    for (const database of databases) database.close();
  },
);

test("waits for another program as long as whoever works with it has said", async () => {
  await using folder = await temporaryFolder();
  using database = new StateDatabase(folder.path);
  const waits = (patience?: number) =>
    database.use((opened) => opened.query("PRAGMA busy_timeout").get() as { timeout: number }, patience).timeout;
  expect([waits(), waits(20), waits(20), waits(), waits(30)]).toEqual([250, 20, 20, 250, 30]);
});

test("that nobody needs is not begun", async () => {
  await using folder = await temporaryFolder();
  using database = new StateDatabase(folder.path);
  expect(readUsage(database, 0, "day")).toEqual([]);
  expect(readdirSync(folder.path)).toEqual([]);
});
