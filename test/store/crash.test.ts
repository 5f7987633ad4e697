import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { createLog } from "../../src/log.ts";
import { StateDatabase } from "../../src/store/database.ts";
import { StoredResponses } from "../../src/store/responses.ts";
import { temporaryFolder } from "../support/environment.ts";
import { storedResponse } from "./material.ts";

const writer = join(import.meta.dir, "writer.ts");

test("killed in the middle of its writes, it has lost nothing that it had stored", async () => {
  await using folder = await temporaryFolder();
  for (let run = 0; run < 6; run++) {
    const process_ = Bun.spawn([process.execPath, writer, folder.path, String(run)], {
      stdout: "pipe",
      stderr: "inherit",
    });
    let stored = 0;
    // Each time at another moment: sometimes as soon as there is a write, sometimes deep in the run.
    for await (const chunk of process_.stdout) {
      stored += chunk.length;
      if (stored > run * 13) process_.kill("SIGKILL");
    }
    expect(await process_.exited).toBe(137);

    using database = new StateDatabase(folder.path);
    const store = new StoredResponses(database, { ttl: 3600_000 }, createLog("silent"));
    expect(store.fault()).toBeUndefined();
    expect(store.chain(`r${run}_${stored - 1}`)).toHaveLength(stored);
    expect(store.save(storedResponse(`after${run}`))).toBe(true);
  }
  const database = new Database(join(folder.path, "sluice.db"));
  expect(database.query("PRAGMA integrity_check").all()).toEqual([{ integrity_check: "ok" }]);
  database.close();
}, 60_000);
