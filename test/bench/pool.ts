/** What a Sluice tells of its processes of the CLI. */

import { eventually } from "../support/environment.ts";

/** A process that has just started has things left to do when it says that it is ready (milliseconds). */
const calm = 200;
/** Sluice is not asked more often than this: answering takes it time, too (milliseconds). */
const interval = 40;

/** What `/health` tells of the pool. */
interface Pool {
  processes: number;
  spares: number;
  starting: number;
  waiting: number;
  live: number;
  parked: number;
}

/** How many processes are wanted in a state; any number where nothing is said, but at least one spare. */
export interface Wanted {
  spares?: number;
  live?: number;
  parked?: number;
}

/** Resolves when a Sluice's processes are in the wanted states and nothing else goes on; `check` may end the wait. */
export async function poolSettled(url: string, wanted: Wanted, check: () => void): Promise<void> {
  await eventually(async () => {
    check();
    await Bun.sleep(interval);
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(5000) });
    const { detail: now } = (await response.json()) as { detail: Pool };
    const quiet = now.starting === 0 && now.waiting === 0 && now.processes === now.spares + now.live + now.parked;
    const as = { ...now, spares: Math.max(1, now.spares), ...wanted };
    return quiet && now.spares === as.spares && now.live === as.live && now.parked === as.parked;
  });
  await Bun.sleep(calm);
}
