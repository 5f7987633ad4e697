/**
 * `bun run bench:native`: what native mode takes of a machine, beside nginx and another gateway before the same upstream
 * on loopback, all in one run and by turns. Linux only; installs what it needs. Exits with 1 when a limit is missed, and
 * with 2 when something could not be measured.
 */

import { version } from "../../package.json";
import { temporaryFolder } from "../support/environment.ts";
import { type BenchOptions, keep, loadNow, machine, progress, runBench } from "./main.ts";
import { allSeries, type Measured, printReport } from "./native/figures.ts";
import { install } from "./native/install.ts";
import { startPrograms } from "./native/programs.ts";
import { check, measureRate } from "./native/rates.ts";
import { measureFirstBytes, measureStreams } from "./native/streams.ts";
import { shuffled } from "./stats.ts";

const parts = ["messages", "chat", "first-byte", "memory"];

const usage = `bun run bench:native [--rounds N] [--only NAME,…]
  --rounds N    how often each rate and wait is measured (7); a round before that only warms up
  --only NAME   only these: ${parts.join(", ")}`;

/** How often streams are opened; each time of a Sluice that has just started. */
const memoryTimes = 3;

async function run({ rounds, only }: BenchOptions, interrupted: AbortSignal): Promise<number> {
  await install();
  await using folder = await temporaryFolder();
  await using programs = await startPrograms(folder.path);
  const { direct, nginx, sluice, portkey } = programs.all;
  const load = loadNow();
  const measured: Measured = { rates: new Map(), firstBytes: new Map(), streams: [] };
  const wanted = allSeries.filter(({ api }) => only.has(api));
  for (const { program, api, pace } of wanted) await check(programs.all[program], api, pace);

  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? "warm-up" : `round ${round} of ${rounds}`);
    for (const series of shuffled(wanted)) {
      const { program, api, pace } = series;
      const rate = await measureRate(programs.all[program], api, pace, folder.path, interrupted);
      if (round > 0) keep(measured.rates, series, rate);
    }
    if (!only.has("first-byte")) continue;
    for (const [program, waits] of await measureFirstBytes([direct, nginx, sluice])) {
      if (round > 0) keep(measured.firstBytes, program.name, waits);
    }
    interrupted.throwIfAborted();
  }
  for (let time = 0; time < memoryTimes && only.has("memory"); time++) {
    progress(`memory, ${time + 1} of ${memoryTimes}`);
    await using fresh = await programs.startSluice();
    measured.streams.push(await measureStreams(fresh));
    interrupted.throwIfAborted();
  }
  progress("");

  const header = [
    `Sluice ${version}: ${sluice.title}`,
    `${nginx.title}; ${portkey.title}`,
    `${machine(load)}; ${rounds} rounds`,
  ];
  const missed = printReport(header, measured);
  const warnings = sluice.warnings();
  if (warnings !== "") console.log(`\nSluice has warned\n${warnings}`);
  return missed ? 1 : 0;
}

await runBench({ usage, parts, rounds: 7, run });
