/** A process that stores responses until it is killed, each of a chain; it prints a dot for each that is stored. */

import { createLog } from "../../src/log.ts";
import { StateDatabase } from "../../src/store/database.ts";
import { StoredResponses } from "../../src/store/responses.ts";
import { storedResponse } from "./material.ts";

const [, , folder = "", run = ""] = process.argv;
const store = new StoredResponses(new StateDatabase(folder), { ttl: 3600_000 }, createLog("error"));
for (let n = 0; ; n++) {
  const text = "x".repeat(50_000 * (n % 4));
  if (!store.save(storedResponse(`r${run}_${n}`, n === 0 ? undefined : `r${run}_${n - 1}`, text))) process.exit(1);
  process.stdout.write(".");
}
