import { resolve } from "node:path";
import type { Stage } from "./stage.ts";

const binary = resolve(import.meta.dir, "../../dist/sluice");

/** What Sluice tells a client, for the Sluice of the stage. */
export function connect(stage: Stage, client: string): Promise<string> {
  return stage.run([binary, "connect", client, "--port", new URL(stage.url).port]);
}
