import type { Database } from "bun:sqlite";
import type { Item } from "../dialect/responses/items.ts";
import type { ResponseStore, StoredResponse } from "../dialect/responses/memory.ts";
import type { ProxyError } from "../error.ts";
import type { Log } from "../log.ts";
import type { StateDatabase } from "./database.ts";

export interface StoreOptions {
  /** How long a response is kept (milliseconds). */
  ttl: number;
  /** How many are kept, and how many bytes of them; beyond that the oldest go first. */
  maxResponses?: number;
  maxBytes?: number;
}

interface Row {
  body: string;
  input: string;
  pieces: string;
}

/**
 * Stored responses in the database. A response holds what its own request brought; what a later one stands on is kept until
 * that goes too.
 */
export class StoredResponses implements ResponseStore {
  readonly #database: StateDatabase;
  readonly #log: Log;
  readonly #options: Required<StoreOptions>;
  readonly #now: () => number;

  constructor(database: StateDatabase, options: StoreOptions, log: Log, now: () => number = Date.now) {
    this.#database = database;
    this.#options = { maxResponses: 10_000, maxBytes: 512 * 1024 ** 2, ...options };
    this.#log = log;
    this.#now = now;
  }

  fault(): ProxyError | undefined {
    return this.#database.fault();
  }

  save({ response, input, pieces }: StoredResponse): boolean {
    const body = JSON.stringify(response);
    const given = JSON.stringify(input);
    const cuts = JSON.stringify(pieces);
    try {
      this.#database.use((database) =>
        database
          .transaction(() => {
            const bytes = Buffer.byteLength(body) + Buffer.byteLength(given) + cuts.length;
            const row = [response.id, response.previous_response_id, this.#now(), bytes, body, given, cuts];
            database
              .query("INSERT INTO response (id, previous, created, bytes, body, input, pieces) VALUES (?,?,?,?,?,?,?)")
              .run(...row);
            const index = database.query(
              "INSERT INTO item (id, response) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET response = excluded.response",
            );
            for (const { id } of [...input, ...response.output]) index.run(id, response.id);
            this.#makeRoom(database, response.id);
          })
          .immediate(),
      );
      return true;
    } catch (error) {
      this.#log.warn("A response could not be stored", { reason: (error as Error).message });
      return false;
    }
  }

  get(id: string): StoredResponse | undefined {
    const row = this.#database.use((database) =>
      database
        .query<Row, [string, number]>(
          "SELECT body, input, pieces FROM response WHERE id = ? AND gone = 0 AND created > ?",
        )
        .get(id, this.#oldest),
    );
    return row === null ? undefined : parse(row);
  }

  chain(id: string): StoredResponse[] | undefined {
    const last = this.get(id);
    if (last === undefined) return undefined;
    const rows = this.#database.use((database) =>
      database
        .query<Row, [string]>(
          `WITH RECURSIVE chain (id, previous, depth) AS (
             SELECT id, previous, 0 FROM response WHERE id = ?
             UNION ALL
             SELECT earlier.id, earlier.previous, depth + 1 FROM response AS earlier JOIN chain ON earlier.id = chain.previous
           )
           SELECT body, input, pieces FROM chain JOIN response USING (id) ORDER BY depth DESC`,
        )
        .all(id),
    );
    const chain = rows.map(parse);
    // A first one that continues another has lost it.
    return chain[0]?.response.previous_response_id === null ? chain : undefined;
  }

  item(id: string): Item | undefined {
    const row = this.#database.use((database) =>
      database
        .query<Row, [string, number]>(
          `SELECT body, input, pieces FROM item JOIN response ON response.id = item.response
           WHERE item.id = ? AND gone = 0 AND created > ?`,
        )
        .get(id, this.#oldest),
    );
    if (row === null) return undefined;
    const { input, response } = parse(row);
    return [...response.output, ...input].find((item) => item.id === id);
  }

  delete(id: string): boolean {
    if (this.get(id) === undefined) return false;
    this.#database.use((database) =>
      database
        .transaction(() => {
          database.query("UPDATE response SET gone = 1 WHERE id = ?").run(id);
          prune(database);
        })
        .immediate(),
    );
    return true;
  }

  get #oldest(): number {
    return this.#now() - this.#options.ttl;
  }

  /** Lets go what has expired, and the oldest where there is too much. */
  #makeRoom(database: Database, newest: string): void {
    database.query("UPDATE response SET gone = 1 WHERE gone = 0 AND created <= ?").run(this.#oldest);
    prune(database);
    const total = database.query<{ count: number; bytes: number }, []>("SELECT count, bytes FROM response_total");
    // In the order in which they came: a clock may have been set back.
    const letOldestGo = database.query(
      `UPDATE response SET gone = 1 WHERE id =
         (SELECT id FROM response WHERE gone = 0 AND id <> ? ORDER BY rowid LIMIT 1)`,
    );
    for (let { count, bytes } = total.get() ?? { count: 0, bytes: 0 }; ;) {
      if (count <= this.#options.maxResponses && bytes <= this.#options.maxBytes) break;
      // What is left then is one conversation, the one that goes on.
      if (letOldestGo.run(newest).changes === 0) break;
      prune(database);
      ({ count, bytes } = total.get() ?? { count: 0, bytes: 0 });
    }
    // A bounded share of the pages that are free by now, so that no request waits for all of them.
    database.run("PRAGMA incremental_vacuum(1000)");
  }
}

/** Removes what is gone and no longer stood on, which may free what stands behind it. */
function prune(database: Database): void {
  const remove = database.query(
    `DELETE FROM response WHERE gone = 1
       AND NOT EXISTS (SELECT 1 FROM response AS later WHERE later.previous = response.id)`,
  );
  while (remove.run().changes > 0);
}

function parse({ body, input, pieces }: Row): StoredResponse {
  // Only we write it, and migrations keep what was written readable.
  return {
    response: JSON.parse(body) as StoredResponse["response"],
    input: JSON.parse(input) as Item[],
    pieces: JSON.parse(pieces) as number[][],
  };
}
