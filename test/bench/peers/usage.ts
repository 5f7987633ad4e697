/** What programs and all that they start take of the machine: processor time and memory. Linux tells both. */

import { readdirSync, readFileSync } from "node:fs";
import { dlopen, FFIType, ptr } from "bun:ffi";

const ticksPerSecond = 100;
const bytesPerPage = 4096;
/** How often memory is looked at (milliseconds). */
const interval = 100;

export interface ProcessorTime {
  /** Seconds of the program itself. */
  own: number;
  /** Seconds of the program and of everything that it started and that has ended or runs. */
  all: number;
}

/** The processor time of a program so far. */
export function processorTime(pid: number): ProcessorTime {
  const own = cpuClock(pid);
  const children = childrenOf(pid).map((child) => processorTime(child).all);
  return { own, all: own + endedTime(pid) + children.reduce((sum, time) => sum + time, 0) };
}

/** Megabytes. */
export interface Peak {
  own: number;
  /** With everything that it has started. What several share, such as the code of one executable, counts once. */
  all: number;
}

/** Watches the memory of programs and of what they start, until it is told to stop. */
export function watchMemory(programs: () => readonly number[]): { stop(): Peak } {
  const peak: Peak = { own: 0, all: 0 };
  const look = () => {
    const own = programs().map(memoryOf);
    const sizes = [...own, ...programs().flatMap(descendantsOf).map(memoryOf)];
    const shared = Math.max(0, ...sizes.map((size) => size.shared));
    peak.own = Math.max(peak.own, ...own.map((size) => size.shared + size.alone));
    peak.all = Math.max(
      peak.all,
      sizes.reduce((sum, { alone }) => sum + alone, shared),
    );
  };
  look();
  const timer = setInterval(look, interval);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return peak;
    },
  };
}

/** Pages that are its own and those that others may have, too, as megabytes. */
function memoryOf(pid: number): { alone: number; shared: number } {
  const [, resident = 0, shared = 0] = read(pid, "statm").split(" ").map(Number);
  const megabytes = bytesPerPage / 1024 ** 2;
  return { alone: (resident - shared) * megabytes, shared: shared * megabytes };
}

const libc = dlopen("libc.so.6", { clock_gettime: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 } });

/** Seconds that a process's threads have taken, those that have ended included; to the nanosecond, unlike /proc. */
function cpuClock(pid: number): number {
  const time = new BigInt64Array(2);
  // The clock's number as clock_getcpuclockid makes it: the complement of the pid, and 2 for the scheduler's time.
  if (libc.symbols.clock_gettime((~pid << 3) | 2, ptr(time)) !== 0) return 0;
  return Number(time[0]) + Number(time[1]) / 1e9;
}

/** Seconds that the children have taken which have ended. */
function endedTime(pid: number): number {
  const stat = read(pid, "stat");
  // "pid (command) state …", where the command may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) / ticksPerSecond;
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

function childrenOf(pid: number): number[] {
  const threads = attempt(() => readdirSync(`/proc/${pid}/task`)) ?? [];
  return threads.flatMap((thread) => read(pid, `task/${thread}/children`).split(" ").filter(Boolean).map(Number));
}

/** A file of a process; empty when the process has ended. */
function read(pid: number, file: string): string {
  return attempt(() => readFileSync(`/proc/${pid}/${file}`, "utf8")) ?? "";
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
