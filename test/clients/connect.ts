import { resolve } from "node:path";
import type { Stage } from "./stage.ts";

const binary = resolve(import.meta.dir, "../../dist/sluice");

/** What Sluice tells a client, for the Sluice of the stage. */
export function connect(stage: Stage, client: string, ...flags: string[]): Promise<string> {
  return stage.run([binary, "connect", client, ...flags, "--port", new URL(stage.url).port]);
}

/** Has Sluice bring that into the file where the client itself looks for it. */
export async function write(stage: Stage, client: string): Promise<void> {
  await connect(stage, client, "--write");
}
