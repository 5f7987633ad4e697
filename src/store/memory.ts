import type { Memory } from "../dialect/responses/memory.ts";
import type { Log } from "../log.ts";
import type { StateDatabase } from "./database.ts";
import { StoredResponses } from "./responses.ts";
import { openSeal } from "./seal.ts";

/** What the Responses API keeps, in a database and its folder. Touches nothing before it is needed. */
export function openMemory(database: StateDatabase, responseTtl: number, log: Log): Memory {
  return {
    responses: new StoredResponses(database, { ttl: responseTtl }, log),
    seal: openSeal(database.folder, log),
  };
}
