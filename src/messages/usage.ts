import type { Usage } from "./types.ts";

/** The usage after a `message_delta`: its counters are cumulative, so they replace; those it leaves out stay. */
export function updateUsage(usage: Usage, update: Partial<Usage>): Usage {
  const given = Object.entries(update).filter(([, value]) => value !== null && value !== undefined);
  return { ...usage, ...Object.fromEntries(given) };
}
