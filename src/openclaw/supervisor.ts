/** Keeps Sluice running. How it is started and stopped is the host's business: this decides when. */

export interface Lease {
  release(): void;
}

export interface Supervised {
  /** Starts Sluice unless it answers already, and resolves when it does. Throws when it can't be brought to it. */
  acquire(signal: AbortSignal): Promise<Lease>;
  /** Whether it answers. Never throws. */
  answers(signal: AbortSignal): Promise<boolean>;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Milliseconds since any moment. */
  now(): number;
  up(): void;
  /** It has ended, or did not start. */
  down(reason: string): void;
}

export interface Policy {
  readonly autoRestart: boolean;
  readonly restartDelayMs: number;
}

/** How often to look whether it still answers. This and the following are milliseconds. */
const period = 1000;
/** What runs as long as this was no failed start. */
const stable = 60_000;
const longestDelay = 60_000;

/** Resolves when the signal aborts, or when Sluice has ended and is not to be restarted. */
export async function keepRunning(sluice: Supervised, policy: Policy, signal: AbortSignal): Promise<void> {
  try {
    for (let failures = 0; ; failures++) {
      const began = sluice.now();
      sluice.down(await oneRun(sluice, signal));
      if (!policy.autoRestart) return;
      if (sluice.now() - began >= stable) failures = 0;
      await sluice.sleep(delayAfter(failures, policy), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** The first restart comes after the delay, each further one after twice the time. */
function delayAfter(failures: number, { restartDelayMs }: Policy): number {
  if (failures === 0) return restartDelayMs;
  return Math.max(restartDelayMs, Math.min(Math.max(restartDelayMs, 500) * 2 ** failures, longestDelay));
}

/** Resolves with the reason when it has ended, or did not start; rejects when the signal aborts. */
async function oneRun(sluice: Supervised, signal: AbortSignal): Promise<string> {
  let lease: Lease | undefined;
  try {
    lease = await sluice.acquire(signal);
    sluice.up();
    while (await sluice.answers(signal)) await sluice.sleep(period, signal);
    signal.throwIfAborted();
    return "Sluice has ended";
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  } finally {
    lease?.release();
  }
}
