/** Whether everything is there that an answer needs: each part by name, with what mends it. */

import type { Engine, Part } from "../engine/engine.ts";
import { type StateDatabase, writeAgain } from "../store/database.ts";

export interface DeepHealth {
  ok: boolean;
  engine: string;
  parts: Record<string, Omit<Part, "name">>;
}

/** Looks at the engine's parts and at the database. */
export async function examine(engine: Engine, database: StateDatabase): Promise<DeepHealth> {
  const { engine: name } = await engine.health();
  const parts = [...((await engine.examine?.()) ?? []), storage(database)];
  const named = parts.map(({ name, ...part }) => [name, part] as const);
  return { ok: parts.every(({ ok }) => ok), engine: name, parts: Object.fromEntries(named) };
}

function storage(database: StateDatabase): Part {
  const fault = database.fault(writeAgain);
  if (fault === undefined) return { name: "database", ok: true, detail: "writable" };
  return { name: "database", ok: false, mend: fault.message };
}
