import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { ProxyError } from "../../error.ts";
import type { CliProcess } from "./process.ts";

const gigabyte = 1024 ** 3;

/** Many times what the CLI needs for the longest conversation, and no more than a machine can spare (bytes). */
export const mostMemory = Math.min(Math.max(gigabyte, totalmem() / 4), 4 * gigabyte);

/** How often it is looked at (milliseconds). */
const interval = 500;

/**
 * Ends processes of the CLI that take more memory than the machine can spare: the CLI unpacks and keeps whatever an
 * upstream sends, and some kilobytes can become gigabytes.
 */
export class MemoryWatch implements Disposable {
  readonly #most: number;
  readonly #watched = new Set<CliProcess>();
  #timer: Timer | undefined;

  constructor(most = mostMemory) {
    this.#most = most;
  }

  /** Watches a process as long as it runs. */
  add(process: CliProcess): void {
    this.#watched.add(process);
    this.#timer ??= setInterval(() => void this.#look(), interval).unref();
    void process.exited.then(() => this.#watched.delete(process));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const sizes = await memoryOf([...this.#watched].map(({ pid }) => pid));
    for (const process of this.#watched) {
      if ((sizes.get(process.pid) ?? 0) <= this.#most) continue;
      const most = `${Math.round(this.#most / 1024 ** 2)} MB`;
      // Another process would do no better.
      const details = { status: 500, retryable: false };
      process.fail(new ProxyError("upstream", `Claude Code took more than ${most} of memory and was ended.`, details));
    }
  }
}

/** The resident memory of processes, in bytes. Windows has no program that tells it fast enough. */
async function memoryOf(pids: readonly number[]): Promise<Map<number, number>> {
  if (process.platform === "win32") return new Map();
  if (process.platform === "linux") return new Map(pids.map((pid) => [pid, residentSet(pid)]));
  const ps = Bun.spawn(["ps", "-o", "pid=,rss=", "-p", pids.join()], { stdout: "pipe", stderr: "ignore" });
  const lines = (await new Response(ps.stdout).text()).trim().split("\n");
  return new Map(
    lines.map((line) => line.trim().split(/\s+/).map(Number)).map(([pid = 0, kb = 0]) => [pid, kb * 1024]),
  );
}

function residentSet(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** What an idle process takes (cli-protocol.md section 13), in bytes. */
export const memoryOfProcess = 150e6;

/** A quarter of the memory is for them. */
export function processesByMemory(): number {
  return Math.min(32, Math.max(4, Math.floor(totalmem() / 4 / memoryOfProcess)));
}
