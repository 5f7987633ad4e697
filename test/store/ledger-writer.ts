/** A process for which each request comes on another day; it prints a dot for each that is written, until it is killed. */

import { startOfDay } from "../../src/day.ts";
import { createLog } from "../../src/log.ts";
import { StateDatabase } from "../../src/store/database.ts";
import { Ledger } from "../../src/store/ledger.ts";
import { requestRecord } from "./ledger-records.ts";

const [, , folder = "", began = ""] = process.argv;
let now = Number(began);
const ledger = new Ledger(new StateDatabase(folder), createLog("error"), () => now);
for (;;) {
  ledger.ended(requestRecord({ at: now }));
  ledger.write();
  // What a slow reader leaves in this process would be gone with it.
  await Bun.write(Bun.stdout, ".");
  now = startOfDay(now, 1);
}
