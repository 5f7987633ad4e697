import type { Launch } from "./launch.ts";
import type { CliProcess } from "./process.ts";

export interface PoolOptions {
  /** How many processes wait initialised, at least; with 0 none do. */
  spares: number;
  /** How many there may be in all, in whatever state. */
  maxProcesses: number;
  /** Read where they are needed: they may change. */
  limits: PoolLimits;
  /** Starts a process and resolves when it is initialised; ends it where that fails. */
  start(launch: Launch): { process: CliProcess; ready: Promise<unknown> };
  /** Ends a kept process that serves nobody, one that waits for tools only where that is allowed; false if there is none. */
  evict(which: "live" | "any"): boolean;
}

export interface PoolCounts {
  processes: number;
  spares: number;
  starting: number;
  waiting: number;
  /** Since the beginning: those that were started, and those that ended by themselves. */
  started: number;
  crashed: number;
}

export interface PoolLimits {
  /** How long more spares wait after somebody asked (milliseconds). */
  idleTtl: number;
  /** How many requests may wait for a process. */
  queue: number;
  /** How long one may wait (milliseconds). */
  queueTimeout: number;
}
