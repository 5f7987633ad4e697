/** What Sluice does beside passing on, for the programs that are measured beside it: the usage is read, and a row written. */

import { UsageObserver } from "../../../src/engine/anthropic/usage-observer.ts";
import { createLog } from "../../../src/log.ts";
import { mintRequestId } from "../../../src/messages/ids.ts";
import type { RequestRecord } from "../../../src/observe/request.ts";
import { StateDatabase } from "../../../src/store/database.ts";
import { Ledger } from "../../../src/store/ledger.ts";

/** What can't be written would be measured as if it were: that ends the program, and with it the bench. */
const log = createLog("warn", (line) => {
  console.error(line);
  process.exit(1);
});

/** Notes each streamed answer that it is given in a ledger in a folder. */
export function openRows(folder: string): (stream: Uint8Array) => void {
  const ledger = new Ledger(new StateDatabase(folder), log);
  return (stream) => {
    const observer = new UsageObserver(true);
    observer.take(stream);
    const { model = "", usage } = observer.told;
    const record: RequestRecord = {
      id: mintRequestId(),
      at: Date.now(),
      client: "wrk",
      api: "messages",
      engine: "native",
    };
    ledger.ended({ ...record, model, ...(usage && { usage }), way: "native", status: 200, outcome: "ok", ms: 0 });
  };
}
