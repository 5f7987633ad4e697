/** Growth with the responses that are stored. */

import { join } from "node:path";
import { createLog } from "../../../src/log.ts";
import { openDatabase, StateDatabase } from "../../../src/store/database.ts";
import { StoredResponses } from "../../../src/store/responses.ts";
import { storedResponse } from "../../store/material.ts";
import { keep, progress } from "../main.ts";
import { type Curve, seriesOf } from "./curves.ts";

const sizes = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
/** How often each is done for one measurement. */
const times = 50;
const ttl = 30 * 24 * 3600_000;

export async function measureStored(rounds: number, folder: string, signal: AbortSignal): Promise<Curve> {
  const kinds = ["save", "save where it is full", "get", "item", "chain of 5", "delete"] as const;
  const samples = new Map(kinds.map((kind) => [kind, new Map<number, number[]>()]));
  for (const size of sizes) {
    progress(`${size} stored responses`);
    signal.throwIfAborted();
    const path = join(folder, `stored-${size}`);
    fill(path, size);
    using database = new StateDatabase(path);
    const store = new StoredResponses(database, { ttl, maxResponses: 1e9, maxBytes: 1e15 }, createLog("silent"));
    // What waits in the log of the filling would be written with the first that is measured.
    for (let n = 0; n < times; n++) save(store, `resp_warm_${n}`);
    for (let round = 0; round < rounds; round++) {
      const ids = Array.from({ length: times }, (_, n) => `resp_${round}_${n}`);
      const took = (kind: (typeof kinds)[number], action: (id: string, n: number) => unknown) => {
        const began = performance.now();
        for (const [n, id] of ids.entries()) action(id, n);
        keep(samples.get(kind) as Map<number, number[]>, size, ((performance.now() - began) / times) * 1000);
      };
      took("save", (id, n) => save(store, id, n % 5 === 0 ? undefined : ids[n - 1]));
      took("get", (id) => store.get(id) ?? lost(id));
      took("item", (id) => store.item(`msg_${id}_out`) ?? lost(id));
      took("chain of 5", (_, n) => store.chain(ids[n - (n % 5) + 4] ?? "") ?? lost(String(n)));
      took("delete", (id) => store.delete(id) || lost(id));
    }
    database.close();

    const full = new StoredResponses(
      database,
      { ttl, maxResponses: size + times, maxBytes: 1e15 },
      createLog("silent"),
    );
    save(full, "resp_full");
    for (let round = 0; round < rounds; round++) {
      const began = performance.now();
      for (let n = 0; n < times; n++) save(full, `resp_full_${round}_${n}`);
      keep(
        samples.get("save where it is full") as Map<number, number[]>,
        size,
        ((performance.now() - began) / times) * 1000,
      );
    }
  }
  return {
    name: "stored",
    title: "The Responses API's memory, by the responses in it",
    sizes: "stored responses",
    costs: "µs",
    series: [...samples].map(([kind, own]) => seriesOf(kind, own, "flat")),
  };
}

function save(store: StoredResponses, id: string, previous?: string): void {
  const one = storedResponse(id, previous);
  if (!store.save(one)) throw new Error(`${id} could not be stored`);
}

/** Rows as `save` writes them, in one go. */
function fill(path: string, rows: number): void {
  const database = openDatabase(path);
  const { response, input, pieces } = storedResponse("resp_of_old");
  const texts = [response, input, pieces].map((one) => JSON.stringify(one));
  const bytes = texts.reduce((sum, text) => sum + text.length, 0);
  database
    .transaction(() => {
      database.run(
        `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
         INSERT INTO response (id, previous, created, bytes, body, input, pieces)
         SELECT 'resp_old_' || n, NULL, ?, ?, ?, ?, ? FROM n`,
        [rows, Date.now(), bytes, ...texts],
      );
      database.run("INSERT INTO item (id, response) SELECT 'msg_' || id || '_out', id FROM response");
      database.run("INSERT INTO item (id, response) SELECT 'msg_' || id || '_in', id FROM response");
    })
    .immediate();
  database.close();
}

function lost(id: string): never {
  throw new Error(`${id} is not found`);
}
