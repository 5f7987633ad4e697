/** What the commands of all benches have: options, progress on a terminal, an end by signal, and what they ran on. */

import { availableParallelism, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";

export interface BenchOptions {
  /** How often everything is measured; a round before that only warms up. */
  rounds: number;
  /** The parts that are asked for. */
  only: ReadonlySet<string>;
  /** A file for what was measured. */
  json: string | undefined;
}

export interface Bench {
  /** How it is called: the first lines of its usage. */
  usage: string;
  /** The parts that `--only` can name. */
  parts: readonly string[];
  /** How many rounds there are unless told. */
  rounds: number;
  /** Whether it writes JSON. */
  json?: boolean;
  /** Gives the exit code. `interrupted` ends it. */
  run(options: BenchOptions, interrupted: AbortSignal): Promise<number>;
}

/** Runs a bench as a command: 1 is its own "limit missed", 2 says that something could not be measured. */
export async function runBench(bench: Bench): Promise<void> {
  const interruption = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, () => interruption.abort(new Error(`The bench was ended by ${name}`)));
  }
  process.exitCode = await exitCodeOf(bench, interruption.signal);
}

async function exitCodeOf(bench: Bench, interrupted: AbortSignal): Promise<number> {
  let options: BenchOptions;
  try {
    options = readOptions(bench);
  } catch (error) {
    console.error(`${(error as Error).message}\n${bench.usage}`);
    return 2;
  }
  try {
    return await bench.run(options, interrupted);
  } catch (error) {
    progress("");
    console.error(interrupted.aborted ? (interrupted.reason as Error).message : error);
    return 2;
  }
}

function readOptions({ parts, rounds, json = false }: Bench): BenchOptions {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string" },
      only: { type: "string", multiple: true },
      ...(json && { json: { type: "string" } }),
    },
  }) as { values: { rounds?: string; only?: string[]; json?: string } };
  const count = Number(values.rounds ?? rounds);
  if (!Number.isInteger(count) || count < 1) throw new TypeError("--rounds must be a whole number from 1");
  const only = values.only?.flatMap((names) => names.split(",")) ?? parts;
  const unknown = only.find((name) => !parts.includes(name));
  if (unknown !== undefined) throw new TypeError(`There is no part ${JSON.stringify(unknown)}`);
  return { rounds: count, only: new Set(only), json: values.json };
}

/** On a terminal, one line that is written again and again. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

/** The machine's load, in words. */
export function loadNow(): string {
  return loadavg()[0]?.toFixed(1) ?? "unknown";
}

/** What a bench ran on, and how busy that was; `before` is its load at the start. */
export function machine(before: string): string {
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `Bun ${Bun.version}; ${availableParallelism()} cores, ${memory} GB, load ${before} at the start and ${loadNow()} at the end`;
}

/** A value more for a key. */
export function keep<K, V>(all: Map<K, V[]>, key: K, value: V): void {
  const values = all.get(key);
  if (values) values.push(value);
  else all.set(key, [value]);
}

/** A signal that aborts with another, and after a time (milliseconds). */
export function bounded(interrupted: AbortSignal, timeout: number): AbortSignal {
  return AbortSignal.any([interrupted, AbortSignal.timeout(timeout)]);
}
