import type { Memory } from "../dialect/responses/memory.ts";
import type { Log } from "../log.ts";
import { StoredResponses } from "./responses.ts";
import { openSeal } from "./seal.ts";

export interface OpenMemory extends Memory {
  close(): void;
}

/** What the Responses API keeps, in a state folder. Touches nothing before it is needed. */
export function openMemory(folder: string, responseTtl: number, log: Log): OpenMemory {
  const responses = new StoredResponses(folder, { ttl: responseTtl }, log);
  return { responses, seal: openSeal(folder, log), close: () => responses.close() };
}
