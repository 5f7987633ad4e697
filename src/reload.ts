import { type Config, refuseOpenDoor } from "./config.ts";
import { options, type Setting } from "./options.ts";

/** What a Sluice that runs can take: it is read where it is needed. Everything else counts from the next start on. */
export const live: ReadonlySet<Setting> = new Set<Setting>([
  "model",
  "effort",
  "showTools",
  "clientKey",
  "maxBody",
  "queue",
  "queueTimeout",
  "idleTtl",
  "parkTtl",
  "stallTimeout",
  "budgetDay",
  "budgetMonth",
  "budgetDayRequests",
  "budgetMonthRequests",
  "drainTimeout",
  "logLevel",
  "logFormat",
  "logBodies",
  "allowedHosts",
  "allowedOrigins",
]);

export interface Reload {
  /** What is to count from now on. */
  config: Config;
  /** The flags of what has changed and counts from now on, and of what has changed and does not. */
  changed: string[];
  restart: string[];
}

/** What becomes of a configuration that runs when another one is read. Throws a StartError where it would open the door. */
export function reloadConfig(running: Config, next: Config): Reload {
  const settings = Object.keys(options) as Setting[];
  const different = settings.filter((name) => !Bun.deepEquals(running[name], next[name]));
  const taken = different.filter((name) => live.has(name));
  const config = Object.freeze({ ...running, ...Object.fromEntries(taken.map((name) => [name, next[name]])) });
  // What is asked for may be safe with an address that counts only later.
  refuseOpenDoor(config);
  const flags = (names: Setting[]) => names.map((name) => options[name].flag);
  return { config, changed: flags(taken), restart: flags(different.filter((name) => !live.has(name))) };
}
