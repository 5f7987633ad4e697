/**
 * `bun run bench`: how long a client waits for the first text, through Sluice and from bare `claude -p`, in one run with
 * the real CLI and an upstream that answers at once; and how long Sluice itself takes to start. Linux only. Exits with 1
 * when a limit is missed, and with 2 when something could not be measured.
 */

import { version } from "../../package.json";
import { type BenchOptions, bounded, keep, loadNow, machine, progress, runBench } from "./main.ts";
import { measureMemory } from "./memory.ts";
import { exitCodeOf, type Failure, type Measured, printReport, rowsOf } from "./report.ts";
import { bareName, type Sample, type Scenario, scenarios } from "./scenarios.ts";
import { shuffled } from "./stats.ts";
import { measureStart, reportStart, type Start } from "./start.ts";
import { startSubject, type Subject } from "./subject.ts";

/** No measurement takes nearly as long (milliseconds). */
const timeout = 60_000;
/** A scenario that fails so often is given up. */
const mostFailures = 3;
const memoryTimes = 3;

const names = [...scenarios.map(({ name }) => name), "memory", "start"];

const usage = `bun run bench [--rounds N] [--only NAME,…] [--json FILE]
  --rounds N    how often each scenario is measured (15); a round before that only warms up
  --only NAME   only these scenarios, beside bare claude -p: ${names.join(", ")}
  --json FILE   also writes what was measured, with every sample, to a file`;

async function run(options: BenchOptions, interrupted: AbortSignal): Promise<number> {
  const { rounds, only, json } = options;
  let start: Start | undefined;
  if (only.has("start")) {
    progress("start");
    start = await measureStart(rounds, interrupted);
    progress("");
  }
  const converses = [...only].some((name) => name !== "start");
  const conversations = converses ? await converse(options, interrupted) : undefined;
  const missed = start !== undefined && reportStart(start) ? 1 : 0;
  const exitCode = Math.max(missed, conversations?.exitCode ?? 0);
  if (json !== undefined) {
    await Bun.write(json, `${JSON.stringify({ ...conversations, start, exitCode }, undefined, 2)}\n`);
  }
  return exitCode;
}

async function converse({ rounds, only }: BenchOptions, interrupted: AbortSignal) {
  const wanted = scenarios.filter(({ name }) => name === bareName || only.has(name));
  await using subject = await startSubject(interrupted, 7);
  await using roomy = await startSubject(interrupted, 40);
  const samples = new Map<string, Sample[]>();
  const failures: Failure[] = [];
  const load = loadNow();

  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? "warm-up" : `round ${round} of ${rounds}`);
    for (const scenario of shuffled(wanted)) {
      if (failures.filter((failure) => failure.scenario === scenario.name).length >= mostFailures) continue;
      await attempt(failures, scenario.name, round, interrupted, async () => {
        const measured = await measure(scenario, { subject, roomy }, interrupted);
        if (round === 0) return;
        for (const [position, sample] of measured.entries()) {
          keep(samples, scenario.figures[position]?.name ?? scenario.name, sample);
        }
      });
    }
  }

  let memory: Measured["memory"];
  if (only.has("memory")) {
    progress("memory");
    await attempt(failures, "memory", rounds, interrupted, async () => {
      memory = await measureMemory(subject, memoryTimes, bounded(interrupted, timeout));
    });
  }
  progress("");

  const header = [
    `Sluice ${version}: ${subject.sluice}`,
    `Claude Code ${subject.claude}`,
    `${machine(load)}; ${rounds} rounds`,
  ];
  const measured: Measured = { header, scenarios: wanted, samples, failures, memory };
  const rows = rowsOf(measured);
  printReport(rows, measured);
  const warnings = [subject, roomy]
    .map((one) => one.warnings())
    .join("\n")
    .trim();
  if (warnings !== "") console.log(`\nSluice has warned\n${warnings}`);

  return {
    header,
    exitCode: exitCodeOf(rows, measured),
    figures: rows,
    samples: Object.fromEntries(samples),
    memory,
    failures,
    warnings,
  };
}

async function measure(
  scenario: Scenario,
  subjects: Record<"subject" | "roomy", Subject>,
  interrupted: AbortSignal,
): Promise<Sample[]> {
  for (const subject of Object.values(subjects)) await subject.settled();
  return await scenario.measure({ ...subjects, signal: bounded(interrupted, timeout) });
}

/** A measurement that fails is told in the report, and the others go on; an interrupted one ends everything. */
async function attempt(
  failures: Failure[],
  scenario: string,
  round: number,
  interrupted: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    interrupted.throwIfAborted();
    failures.push({ scenario, round, message: error instanceof Error ? error.message : String(error) });
  }
}

await runBench({ usage, parts: names, rounds: 15, json: true, run });
