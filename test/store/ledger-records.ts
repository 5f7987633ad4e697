import type { RequestRecord } from "../../src/observe/request.ts";

export const usage = {
  input_tokens: 10,
  output_tokens: 7,
  cache_creation_input_tokens: 3,
  cache_read_input_tokens: 5,
};

let count = 0;

/** A request as it has ended. */
export function requestRecord(change: Partial<RequestRecord> = {}): RequestRecord {
  return {
    id: `req_${process.pid}_${count++}`,
    at: Date.now(),
    client: "curl",
    api: "messages",
    engine: "claude",
    model: "claude-sonnet-5-5",
    way: "spare",
    usage,
    costUsd: 0.25,
    firstTextMs: 120.5,
    ms: 480.25,
    status: 200,
    outcome: "ok",
    ...change,
  };
}

/** The same with fields left out. */
export function without(...names: ("model" | "way" | "usage" | "costUsd" | "firstTextMs")[]): RequestRecord {
  const record = requestRecord();
  for (const name of names) delete record[name];
  return record;
}
