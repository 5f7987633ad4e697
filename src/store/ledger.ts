import type { Database } from "bun:sqlite";
import { dayOf, dayReader, startOfDay } from "../day.ts";
import type { ProxyError } from "../error.ts";
import type { Log } from "../log.ts";
import { isAnswered, type RequestRecord, type RequestWatcher, type Spent } from "../observe/request.ts";
import type { StateDatabase } from "./database.ts";
import { readSpent } from "./usage.ts";

/** How long requests are kept one by one (days); their daily sums stay. */
export const keptDays = 90;

/** Requests are written together: so many at once, and after so long at the latest (milliseconds). */
const batch = 100;
const delay = 1_000;

/** How many wait where nothing can be written; beyond that the oldest are lost. */
const mostWaiting = 10_000;

/** What another program holds is tried again by and by: no request is to wait for it (milliseconds). */
const patience = 20;

/**
 * The ledger: a row a request in the database, never a text of it. Written behind the requests' backs; a database that can't
 * be written stops none of them.
 */
export class Ledger implements RequestWatcher {
  readonly #database: StateDatabase;
  readonly #log: Log;
  readonly #now: () => number;
  #waiting: RequestRecord[] = [];
  #timer: Timer | undefined;
  /** The day on which the requests of old days were last summed up. */
  #summed = "";
  readonly #dayOf = dayReader();
  #broken = false;

  constructor(database: StateDatabase, log: Log, now: () => number = Date.now) {
    this.#database = database;
    this.#log = log;
    this.#now = now;
  }

  ended(record: RequestRecord): void {
    this.#waiting.push(record);
    if (this.#waiting.length === batch) this.#writeIn(0);
    else if (this.#timer === undefined) this.#writeIn(delay);
  }

  /** What the model was asked since a time, what waits included. Throws a ProxyError where the database can't be read. */
  spent(since: number): Spent {
    const { usd, requests } = readSpent(this.#database, since);
    const waiting = this.#waiting.filter((record) => record.at >= since && isAnswered(record));
    return {
      usd: waiting.reduce((sum, { costUsd = 0 }) => sum + costUsd, usd),
      requests: requests + waiting.length,
    };
  }

  /** Writes what waits. Where that can't be it goes on waiting, and the log says so once. */
  write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    try {
      this.#database.use((database) => {
        record(database, this.#waiting, this.#dayOf);
        this.#waiting = [];
        this.#sumUp(database);
      }, patience);
      this.#broken = false;
    } catch (error) {
      const { message } = error as ProxyError;
      if (!this.#broken)
        this.#log.warn("Requests can't be written to the ledger: tried again later", { reason: message });
      this.#broken = true;
      const lost = this.#waiting.splice(0, this.#waiting.length - mostWaiting);
      if (lost.length > 0) this.#log.debug("Requests are lost to the ledger", { requests: lost.length });
    }
  }

  /** Once a day, the requests of days that are too old become sums. */
  #sumUp(database: Database): void {
    const today = this.#dayOf(this.#now());
    if (today === this.#summed) return;
    sumUp(database, dayOf(startOfDay(this.#now(), -keptDays)));
    this.#summed = today;
  }

  #writeIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.write(), milliseconds).unref();
  }
}

/** All or none: a request whose row is there already has been written by a try that seemed to fail. */
function record(database: Database, records: readonly RequestRecord[], day: (time: number) => string): void {
  const insert = database.query(
    `INSERT OR IGNORE INTO request
       (id, day, at, client, api, engine, model, way, input, output, cache_read, cache_write, cost, first_text_ms, ms, status, outcome)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  database
    .transaction(() => {
      for (const record of records) {
        const { id, at, client, api, engine, model, way, usage } = record;
        insert.run(
          id,
          day(at),
          at,
          client,
          api,
          engine,
          model ?? null,
          way ?? null,
          usage?.input_tokens ?? null,
          usage?.output_tokens ?? null,
          usage?.cache_read_input_tokens ?? null,
          usage?.cache_creation_input_tokens ?? null,
          record.costUsd ?? null,
          record.firstTextMs ?? null,
          record.ms ?? 0,
          record.status ?? 0,
          record.outcome ?? "bug",
        );
      }
    })
    .immediate();
}

/** The requests before a day as sums of their days, in one step: each is either a row or in a sum, whatever happens. */
function sumUp(database: Database, before: string): void {
  database
    .transaction(() => {
      database
        .query(
          `INSERT INTO day_sum
           SELECT day, client, api, engine, coalesce(model, ''), count(*), sum(outcome <> 'ok'),
             coalesce(sum(input), 0), coalesce(sum(output), 0), coalesce(sum(cache_read), 0), coalesce(sum(cache_write), 0),
             count(cost), total(cost)
           FROM request WHERE day < ? GROUP BY 1, 2, 3, 4, 5
           ON CONFLICT DO UPDATE SET
             requests = requests + excluded.requests, failed = failed + excluded.failed,
             input = input + excluded.input, output = output + excluded.output,
             cache_read = cache_read + excluded.cache_read, cache_write = cache_write + excluded.cache_write,
             priced = priced + excluded.priced, cost = cost + excluded.cost`,
        )
        .run(before);
      database.query("DELETE FROM request WHERE day < ?").run(before);
    })
    .immediate();
}
