import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log, LogFields } from "../../src/log.ts";
import { openDatabase, StateDatabase } from "../../src/store/database.ts";
import { type StoreOptions, StoredResponses } from "../../src/store/responses.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { storedResponse } from "./material.ts";

const day = 24 * 3600_000;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

async function folder(): Promise<string> {
  const temporary: TemporaryFolder = await temporaryFolder();
  cleanups.push(() => temporary[Symbol.asyncDispose]());
  return join(temporary.path, "state");
}

/** A store whose clock the test sets, and what it logs. */
function open(path: string, options: Partial<StoreOptions> = {}) {
  const clock = { now: 1_000_000_000_000 };
  const logged: LogFields[] = [];
  const note = (_: string, fields: LogFields = {}) => void logged.push(fields);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const database = new StateDatabase(path);
  const store = new StoredResponses(database, { ttl: 30 * day, ...options }, log, () => clock.now++);
  cleanups.push(() => database.close());
  return { store, database, clock, logged };
}

const ids = (store: StoredResponses, all: readonly string[]) => all.filter((id) => store.get(id) !== undefined);

describe("a response that is stored", () => {
  test("is found again, by its id and by those of its items, also after a restart", async () => {
    const path = await folder();
    const one = storedResponse("resp_1");
    const { store: first, database } = open(path);
    expect(first.save(one)).toBe(true);
    expect(first.get("resp_1")).toEqual(one);
    database.close();
    const { store } = open(path);
    expect(store.get("resp_1")).toEqual(one);
    expect(store.item("msg_resp_1_in")).toEqual(one.input[0]);
    expect(store.item("msg_resp_1_out")).toEqual(one.response.output[0]);
    expect([store.get("resp_2"), store.item("msg_x"), store.chain("resp_2")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("is in a file that only the user can read, in such a folder", async () => {
    const path = await folder();
    open(path).store.save(storedResponse("resp_1"));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const files = readdirSync(path);
    expect(files).toContain("sluice.db");
    for (const file of files) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
  });

  test("ends a chain that begins with the first", async () => {
    const { store } = open(await folder());
    for (const [id, previous] of [["a"], ["b", "a"], ["c", "b"], ["other"]] as const) {
      store.save(storedResponse(id, previous));
    }
    expect(store.chain("c")?.map(({ response }) => response.id)).toEqual(["a", "b", "c"]);
    expect(store.chain("a")?.map(({ response }) => response.id)).toEqual(["a"]);
  });

  test("is gone when it is deleted; what a later one stands on goes with that", async () => {
    const path = await folder();
    const { store, database: state } = open(path);
    for (const [id, previous] of [["a"], ["b", "a"], ["c", "b"]] as const) store.save(storedResponse(id, previous));
    expect(store.delete("a")).toBe(true);
    expect(store.delete("a")).toBe(false);
    expect(store.get("a")).toBeUndefined();
    expect(store.chain("a")).toBeUndefined();
    expect(store.item("msg_a_out")).toBeUndefined();
    expect(store.chain("c")).toHaveLength(3);
    expect(store.delete("c")).toBe(true);
    expect(store.chain("b")).toHaveLength(2);
    expect(store.delete("b")).toBe(true);
    state.close();
    const database = new Database(join(path, "sluice.db"));
    expect(database.query("SELECT (SELECT count(*) FROM response) + (SELECT count(*) FROM item) AS n").get()).toEqual({
      n: 0,
    });
    database.close();
    const file = await Bun.file(join(path, "sluice.db")).text();
    expect(file).not.toContain("What is stored");
  });

  test("expires, and a later one of its chain does not", async () => {
    const { store, clock } = open(await folder(), { ttl: day });
    store.save(storedResponse("a"));
    clock.now += day / 2;
    store.save(storedResponse("b", "a"));
    clock.now += day / 2;
    expect(ids(store, ["a", "b"])).toEqual(["b"]);
    store.save(storedResponse("c"));
    expect(store.chain("b")).toHaveLength(2);
    clock.now += day;
    store.save(storedResponse("d"));
    expect(ids(store, ["a", "b", "c", "d"])).toEqual(["d"]);
  });

  test("gives way where there are too many, the oldest first", async () => {
    const { store } = open(await folder(), { maxResponses: 3 });
    const all = ["a", "b", "c", "d", "e"];
    for (const id of all) store.save(storedResponse(id));
    expect(ids(store, all)).toEqual(["c", "d", "e"]);
  });

  test("outlives a clock that is set back, and gives way in the order of the responses, not of their times", async () => {
    const { store, clock } = open(await folder(), { maxResponses: 3, ttl: day });
    for (const id of ["a", "b", "c"]) store.save(storedResponse(id));
    clock.now -= 300 * day;
    expect(ids(store, ["a", "b", "c"])).toEqual(["a", "b", "c"]);
    store.save(storedResponse("d", "c"));
    store.save(storedResponse("e"));
    expect(ids(store, ["a", "b", "c", "d", "e"])).toEqual(["c", "d", "e"]);
    expect(store.chain("d")).toHaveLength(2);
    clock.now += day / 2;
    expect(ids(store, ["c", "d", "e"])).toEqual(["c", "d", "e"]);
    clock.now += day;
    expect(ids(store, ["c", "d", "e"])).toEqual(["c"]);
  });

  test("gives way where there is too much, but never the newest, nor what it stands on", async () => {
    const { store } = open(await folder(), { maxBytes: 30_000 });
    const all = ["a", "b", "c", "d"];
    for (const id of all) store.save(storedResponse(id, undefined, "x".repeat(10_000)));
    expect(ids(store, all)).toEqual(["c", "d"]);
    store.save(storedResponse("e", "d", "x".repeat(100_000)));
    expect(store.chain("e")).toHaveLength(2);
    expect(ids(store, all)).toEqual([]);
    store.save(storedResponse("f"));
    expect(ids(store, [...all, "e", "f"])).toEqual(["f"]);
  });

  test("gives its room on the disk back", async () => {
    const path = await folder();
    const { store, database } = open(path, { maxBytes: 1_000_000 });
    for (let n = 0; n < 20; n++) store.save(storedResponse(`r${n}`, undefined, "x".repeat(400_000)));
    database.close();
    expect(statSync(join(path, "sluice.db")).size).toBeLessThan(4_000_000);
  });

  test("is seen by another Sluice with the same folder", async () => {
    const path = await folder();
    const [one, two] = [open(path).store, open(path).store];
    one.save(storedResponse("a"));
    two.save(storedResponse("b", "a"));
    expect(one.chain("b")).toHaveLength(2);
  });
});

describe("a database that can't be used", () => {
  test.each<[string, (path: string, file: string) => void, string]>([
    ["damaged", (_, file) => writeFileSync(file, "This is no database. ".repeat(100)), "is damaged: move it away"],
    ["newer", (_, file) => new Database(file).run("PRAGMA user_version = 99"), "was written by a newer Sluice"],
    ["a link", (path, file) => symlinkSync(join(path, "elsewhere"), file), "is a symbolic link"],
    ["a directory", (_, file) => mkdirSync(file), "can't be used (EISDIR)"],
  ])("is told of in a sentence: %s", async (_, spoil, sentence) => {
    const path = await folder();
    const file = join(path, "sluice.db");
    mkdirSync(path, { recursive: true });
    spoil(path, file);
    const { store, logged } = open(path);
    expect(store.fault()).toMatchObject({
      status: 500,
      message: expect.stringContaining(`The database ${file} ${sentence}`),
    });
    expect(() => store.get("a")).toThrow(sentence);
    expect(() => store.chain("a")).toThrow(sentence);
    expect(store.save(storedResponse("a"))).toBe(false);
    expect(logged).toMatchObject([{ reason: expect.stringContaining(sentence) }]);
  });

  test("is read while another program has it locked, and written behind that", async () => {
    const path = await folder();
    const { store, logged } = open(path);
    store.save(storedResponse("a"));
    const other = new Database(join(path, "sluice.db"));
    other.run("BEGIN IMMEDIATE");
    expect(store.save(storedResponse("b"))).toBe(false);
    expect(logged).toMatchObject([{ reason: expect.stringContaining("is locked by another program") }]);
    expect(store.get("a")).toBeDefined();
    expect(store.fault()).toBeUndefined();
    other.run("COMMIT");
    other.close();
    expect(store.save(storedResponse("b", "a"))).toBe(true);
  });

  test("is used again as soon as it can be", async () => {
    const path = await folder();
    writeFileSync(path, "in the way");
    const { store } = open(path);
    expect(store.fault()?.message).toContain("can't be used");
    await Bun.file(path).delete();
    expect(store.fault()).toBeUndefined();
  });

  test("is told of where it becomes so later", async () => {
    const path = await folder();
    const { store, database } = open(path);
    store.save(storedResponse("a", undefined, "x".repeat(100_000)));
    database.close();
    const file = join(path, "sluice.db");
    const bytes = await Bun.file(file).bytes();
    writeFileSync(file, bytes.fill(7, 4096));
    chmodSync(file, 0o600);
    expect(() => store.get("a")).toThrow("is damaged: move it away, and Sluice begins a new one.");
    for (const name of readdirSync(path)) rmSync(join(path, name));
    expect(store.save(storedResponse("b"))).toBe(true);
    expect(store.get("b")).toBeDefined();
  });
});

test("what is counted as it comes and goes is what is there", async () => {
  const path = await folder();
  const { store, clock } = open(path, { ttl: 1000, maxResponses: 5 });
  const database = openDatabase(path);
  const counted = () => database.query("SELECT count, bytes FROM response_total").get();
  const there = () => database.query("SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM response").get();
  for (let n = 0; n < 8; n++) {
    store.save(storedResponse(`resp_${n}`, n % 3 === 0 ? undefined : `resp_${n - 1}`, "x".repeat(n)));
    expect(counted()).toEqual(there() as object);
  }
  store.delete("resp_7");
  expect(counted()).toEqual(there() as object);
  clock.now += 2000;
  store.save(storedResponse("resp_last"));
  expect(counted()).toEqual(there() as object);
  expect(there()).toMatchObject({ count: 1 });
  database.close();
});
