import { Database } from "bun:sqlite";
import { describe, expect, spyOn, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { dayOf, startOfDay } from "../../src/day.ts";
import { createLog } from "../../src/log.ts";
import { databasePath, StateDatabase } from "../../src/store/database.ts";
import { keptDays, Ledger } from "../../src/store/ledger.ts";
import { readUsage } from "../../src/store/usage.ts";
import { eventually, temporaryFolder } from "../support/environment.ts";
import { stall } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";
import { requestRecord, without } from "./ledger-records.ts";

const silent = createLog("silent");

function query<T>(folder: string, sql: string): T[] {
  const database = new Database(databasePath(folder), { readonly: true });
  try {
    return database.query<T, []>(sql).all();
  } finally {
    database.close();
  }
}
const countOf = (folder: string) => query<{ n: number }>(folder, "SELECT count(*) AS n FROM request")[0]?.n;

describe("a row", () => {
  test("holds all that is known, and NULL for what is not", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    const ledger = new Ledger(database, silent);
    const [whole, bare] = [requestRecord(), without("model", "way", "usage", "costUsd", "firstTextMs")];
    ledger.ended(whole);
    ledger.ended({ ...bare, outcome: "canceled", status: 499 });
    ledger.write();
    const head = ({ id, at }: typeof whole) => ({
      id,
      day: dayOf(at),
      at,
      client: "curl",
      api: "messages",
      engine: "claude",
    });
    expect(query(folder.path, "SELECT * FROM request ORDER BY status")).toEqual([
      {
        ...head(whole),
        model: "claude-sonnet-5-5",
        way: "spare",
        input: 10,
        output: 7,
        cache_read: 5,
        cache_write: 3,
        cost: 0.25,
        first_text_ms: 120.5,
        ms: 480.25,
        status: 200,
        outcome: "ok",
      },
      {
        ...head(bare),
        model: null,
        way: null,
        input: null,
        output: null,
        cache_read: null,
        cache_write: null,
        cost: null,
        first_text_ms: null,
        ms: 480.25,
        status: 499,
        outcome: "canceled",
      },
    ]);
  });

  test("has the day by the local clock, also of one that is written with those of another", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    const ledger = new Ledger(database, silent);
    const midnight = startOfDay(Date.now());
    const times = [midnight, midnight - 1, midnight + 1, startOfDay(midnight, 1) - 1, startOfDay(midnight, -1)];
    for (const at of times) ledger.ended(requestRecord({ at }));
    ledger.write();
    const expected = times.toSorted((a, b) => a - b).map((at) => ({ at, day: dayOf(at) }));
    expect(query<object>(folder.path, "SELECT at, day FROM request ORDER BY at")).toEqual(expected);
  });

  test("is written by and by, a hundred at once, and what is left at the end", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    const ledger = new Ledger(database, silent);
    for (let n = 0; n < 100; n++) ledger.ended(requestRecord());
    // Not in the way of a request.
    expect(await Bun.file(databasePath(folder.path)).exists()).toBe(false);
    await eventually(() => Bun.file(databasePath(folder.path)).exists());
    await eventually(() => countOf(folder.path) === 100);
    ledger.ended(requestRecord());
    await eventually(() => countOf(folder.path) === 101);
    ledger.ended(requestRecord());
    ledger.write();
    expect(countOf(folder.path)).toBe(102);
  });

  test("waits for a database that can't be written, which the log says once", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    await Bun.write(databasePath(folder.path), "This is no database, and long enough to be told from one.".repeat(20));
    const logged: string[] = [];
    const ledger = new Ledger(
      database,
      createLog("warn", (line) => logged.push(line)),
    );
    ledger.ended(requestRecord());
    ledger.write();
    ledger.ended(requestRecord());
    ledger.write();
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain("is damaged: move it away");
    rmSync(databasePath(folder.path));
    ledger.write();
    expect(countOf(folder.path)).toBe(2);
  });

  test("that another program keeps from being written is written later, once", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    const ledger = new Ledger(database, silent);
    ledger.ended(requestRecord());
    ledger.write();
    // All requests would wait with it (milliseconds).
    const used = spyOn(database, "use");
    const other = new Database(join(folder.path, "sluice.db"));
    other.run("BEGIN IMMEDIATE");
    const record = requestRecord();
    ledger.ended(record);
    ledger.write();
    expect(used.mock.calls.map(([, patience]) => patience)).toEqual([20]);
    used.mockRestore();
    other.run("COMMIT");
    other.close();
    // As where a write was done, and nobody heard of it.
    ledger.write();
    ledger.ended(record);
    ledger.write();
    expect(countOf(folder.path)).toBe(2);
  });
});

describe("after ninety days", () => {
  const today = new Date(2026, 10, 21, 15).getTime();
  const on = (daysAgo: number) => startOfDay(today, -daysAgo) + 3_600_000;

  test("requests become sums of their days, by local time, which stay", async () => {
    await using folder = await temporaryFolder();
    using database = new StateDatabase(folder.path);
    let now = on(keptDays + 1);
    const ledger = new Ledger(database, silent, () => now);
    ledger.ended(requestRecord({ at: now }));
    ledger.ended(requestRecord({ at: now, outcome: "overloaded" }));
    ledger.ended({ ...without("costUsd", "usage", "model"), at: now, client: "codex_cli_rs", outcome: "canceled" });
    ledger.ended({ ...requestRecord({ at: now, api: "count" }) });
    // The first and the last moment of the oldest day that is kept.
    ledger.ended(requestRecord({ at: startOfDay(today, -keptDays) }));
    ledger.ended(requestRecord({ at: startOfDay(today, -keptDays + 1) - 1 }));
    ledger.write();
    const before = readUsage(database, 0, "day");
    expect(before.map(({ name, requests }) => [name, requests])).toEqual([
      [dayOf(now), 3],
      [dayOf(on(keptDays)), 2],
    ]);
    now = today;
    ledger.ended(requestRecord({ at: now }));
    ledger.write();
    expect(countOf(folder.path)).toBe(3);
    expect(readUsage(database, 0, "day").slice(0, 2)).toEqual(before);
    expect(readUsage(database, 0, "day")[0]).toEqual({
      name: dayOf(on(keptDays + 1)),
      requests: 3,
      failed: 2,
      input: 20,
      output: 14,
      cache_read: 10,
      cache_write: 6,
      priced: 2,
      cost: 0.5,
    });
    expect(readUsage(database, 0, "client").map(({ name, requests }) => [name, requests])).toEqual([
      ["curl", 5],
      ["codex_cli_rs", 1],
    ]);
    expect(readUsage(database, 0, "model").map(({ name, requests }) => [name, requests])).toEqual([
      ["claude-sonnet-5-5", 5],
      ["", 1],
    ]);
    // A request of a day that is a sum by now joins it.
    const late = new Ledger(database, silent, () => today);
    late.ended(requestRecord({ at: on(keptDays + 1) }));
    late.write();
    expect(readUsage(database, 0, "day")[0]).toMatchObject({ requests: 4, cost: 0.75 });
    expect(readUsage(database, on(2), "day").map(({ requests }) => requests)).toEqual([1]);
  });

  test("no request is lost or counted twice by a Sluice that is killed", async () => {
    await using folder = await temporaryFolder();
    let [written, now] = [0, today];
    for (let run = 0; run < 3; run++) {
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "ledger-writer.ts"), folder.path, String(now)], {
        stdout: "pipe",
        stderr: "inherit",
      });
      let dots = 0;
      for await (const chunk of child.stdout) {
        dots += chunk.length;
        // Each on a day of its own: from the ninety-first on, each write makes a sum, too.
        if (dots > 120 + run * 17) child.kill("SIGKILL");
      }
      expect(await child.exited).toBe(137);
      using database = new StateDatabase(folder.path);
      const days = readUsage(database, 0, "day");
      const total = days.reduce((sum, { requests }) => sum + requests, 0);
      // The last one may have been written without a dot.
      expect(total - written - dots).toBeWithin(0, 2);
      for (const { requests, cost, input } of days) expect([cost, input]).toEqual([requests * 0.25, requests * 10]);
      written = total;
      now = startOfDay(now, dots);
    }
    // Today, the days that are kept, and one that was not summed up any more.
    expect(Number(countOf(folder.path))).toBeWithin(keptDays, keptDays + 3);
  });
});

test("what was spent has what is not written yet", async () => {
  await using folder = await temporaryFolder();
  using database = new StateDatabase(folder.path);
  const ledger = new Ledger(database, silent);
  const today = startOfDay(Date.now());
  expect(ledger.spent(today)).toEqual({ usd: 0, requests: 0 });
  ledger.ended(requestRecord());
  ledger.ended({ ...requestRecord(), at: today - 1 });
  ledger.write();
  ledger.ended(requestRecord());
  ledger.ended(requestRecord({ api: "count" }));
  // Left in the middle of an answer, and refused.
  ledger.ended({ ...without("costUsd"), outcome: "canceled" });
  ledger.ended({ ...without("costUsd", "usage"), outcome: "rate_limit" });
  expect(ledger.spent(today)).toEqual({ usd: 0.5, requests: 3 });
  ledger.write();
  expect(ledger.spent(today)).toEqual({ usd: 0.5, requests: 3 });
});

test("what came in the first moment of a day is of that day, waiting and written", async () => {
  await using folder = await temporaryFolder();
  using database = new StateDatabase(folder.path);
  const ledger = new Ledger(database, silent);
  const midnight = startOfDay(Date.now());
  for (const at of [midnight, midnight - 1]) ledger.ended(requestRecord({ at }));
  expect(ledger.spent(midnight).requests).toBe(1);
  ledger.write();
  expect(ledger.spent(midnight).requests).toBe(1);
  expect(readUsage(database, midnight, "client")).toMatchObject([{ name: "curl", requests: 1 }]);
});

test("to note a request costs it next to nothing", async () => {
  await using folder = await temporaryFolder();
  using database = new StateDatabase(folder.path);
  const ledger = new Ledger(database, silent);
  const records = Array.from({ length: 5000 }, () => requestRecord());
  const before = process.cpuUsage();
  for (const record of records) ledger.ended(record);
  const { user, system } = process.cpuUsage(before);
  ledger.write();
  expect(countOf(folder.path)).toBe(5000);
  // Microseconds of the processor, for each: 1 to 2 here.
  expect((user + system) / records.length).toBeLessThan(50);
});

test("what runs when Sluice stops is written, too", async () => {
  await using folder = await temporaryFolder();
  const state = join(folder.path, "sluice");
  {
    const env = { XDG_STATE_HOME: folder.path };
    await using sluice = await startSluice({ args: ["--mode", "native"], env });
    sluice.mock.respond(() => stall(4));
    const body = { model: "claude-sonnet-5-5", max_tokens: 50, messages: [{ role: "user", content: "THE-WORDS" }] };
    const streamed = await sluice.post("/v1/messages", { ...body, stream: true });
    const chat = await sluice.post("/v1/chat/completions", { ...body, stream: true });
    await Promise.all([streamed, chat].map(({ body }) => body?.getReader().read()));
    await eventually(() => sluice.mock.requests.length === 2);
  }
  // What is closed leaves nothing beside it.
  expect(readdirSync(state).filter((name) => name.startsWith("sluice.db"))).toEqual(["sluice.db"]);
  expect(query(state, "SELECT api, outcome, input FROM request ORDER BY api")).toEqual([
    { api: "chat", outcome: "canceled", input: 10 },
    { api: "messages", outcome: "canceled", input: 10 },
  ]);
  expect(await Bun.file(databasePath(state)).text()).not.toContain("THE-WORDS");
});
