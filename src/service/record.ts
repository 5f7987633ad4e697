/** What was installed, as Sluice has written it down in the state folder: no manager tells it all. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openStateFolder } from "../state.ts";

const schema = z.object({
  version: z.string(),
  command: z.array(z.string()),
  /** Behind `serve`. */
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  logFile: z.string().optional(),
});

export type ServiceRecord = z.infer<typeof schema>;

/** Writes it down. Throws where the state folder can't be used. */
export function writeRecord(folder: string, record: ServiceRecord): void {
  openStateFolder(folder);
  writeFileSync(fileIn(folder), `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
}

/** Undefined where there is none that makes sense. */
export function readRecord(folder: string): ServiceRecord | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(fileIn(folder), "utf8"))).data;
  } catch {
    return undefined;
  }
}

export function removeRecord(folder: string): void {
  rmSync(fileIn(folder), { force: true });
}

function fileIn(folder: string): string {
  return join(folder, "service.json");
}
