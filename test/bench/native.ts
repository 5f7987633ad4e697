/**
 * `bun run bench:native`: what native mode takes of a machine, beside nginx and another gateway before the same upstream
 * on loopback, all in one run and by turns. Linux only; installs what it needs. Exits with 1 when a limit is missed, and
 * with 2 when something could not be measured.
 */

import { availableParallelism, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { version } from "../../package.json";
import { temporaryFolder } from "../support/environment.ts";
import { allSeries, type Measured, printReport } from "./native/figures.ts";
import { install } from "./native/install.ts";
import { startPrograms } from "./native/programs.ts";
import { check, measureRate } from "./native/rates.ts";
import { measureFirstBytes, measureStreams } from "./native/streams.ts";
import { shuffled } from "./stats.ts";

const parts = ["messages", "chat", "first-byte", "memory"] as const;
type Part = (typeof parts)[number];

const usage = `bun run bench:native [--rounds N] [--only NAME,…]
  --rounds N    how often each rate and wait is measured (7); a round before that only warms up
  --only NAME   only these: ${parts.join(", ")}`;

/** How often streams are opened; each time of a Sluice that has just  */
const memoryTimes = 3;

interface Options {
  rounds: number;
  parts: ReadonlySet<Part>;
}

function readOptions(): Options {
  const { values } = parseArgs({ options: { rounds: { type: "string" }, only: { type: "string", multiple: true } } });
  const rounds = Number(values.rounds ?? 7);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError("--rounds must be a whole number from 1");
  const only = values.only?.flatMap((names) => names.split(","));
  const unknown = only?.find((name) => !parts.some((part) => part === name));
  if (unknown !== undefined) throw new TypeError(`There is no part ${JSON.stringify(unknown)}`);
  return { rounds, parts: new Set(parts.filter((part) => only?.includes(part) ?? true)) };
}

async function run(options: Options, interrupted: AbortSignal): Promise<number> {
  await install();
  await using folder = await temporaryFolder();
  await using programs = await startPrograms(folder.path);
  const { direct, nginx, sluice, portkey } = programs.all;
  const load = loadavg()[0]?.toFixed(1);
  const measured: Measured = { rates: new Map(), firstBytes: new Map(), streams: [] };
  const wanted = allSeries.filter(({ api }) => options.parts.has(api));
  for (const { program, api, pace } of wanted) await check(programs.all[program], api, pace);

  for (let round = 0; round <= options.rounds; round++) {
    progress(round === 0 ? "warm-up" : `round ${round} of ${options.rounds}`);
    for (const series of shuffled(wanted)) {
      const { program, api, pace } = series;
      const rate = await measureRate(programs.all[program], api, pace, folder.path, interrupted);
      if (round > 0) keep(measured.rates, series, rate);
    }
    if (!options.parts.has("first-byte")) continue;
    for (const [program, waits] of await measureFirstBytes([direct, nginx, sluice])) {
      if (round > 0) keep(measured.firstBytes, program.name, waits);
    }
    interrupted.throwIfAborted();
  }
  for (let time = 0; time < memoryTimes && options.parts.has("memory"); time++) {
    progress(`memory, ${time + 1} of ${memoryTimes}`);
    await using fresh = await programs.startSluice();
    measured.streams.push(await measureStreams(fresh));
    interrupted.throwIfAborted();
  }
  progress("");

  const machine = `${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GB, load ${load}`;
  const header = [
    `Sluice ${version}: ${sluice.title}`,
    `${nginx.title}; ${portkey.title}`,
    `Bun ${Bun.version}; ${machine} at the start and ${loadavg()[0]?.toFixed(1)} at the end; ${options.rounds} rounds`,
  ];
  const missed = printReport(header, measured);
  const warnings = sluice.warnings();
  if (warnings !== "") console.log(`\nSluice has warned\n${warnings}`);
  return missed ? 1 : 0;
}

function keep<K, V>(all: Map<K, V[]>, key: K, value: V): void {
  all.set(key, [...(all.get(key) ?? []), value]);
}

/** On a terminal, one line that is written again and again. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => interruption.abort(new Error(`The bench was ended by ${name}`)));
}
process.exitCode = await main(interruption.signal);

async function main(interrupted: AbortSignal): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    return 2;
  }
  try {
    return await run(options, interrupted);
  } catch (error) {
    progress("");
    console.error(interrupted.aborted ? (interrupted.reason as Error).message : error);
    return 2;
  }
}
