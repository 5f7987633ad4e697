/**
 * `bun run bench`: how long a client waits for the first text, through Sluice and from bare `claude -p`, in one run with
 * the real CLI and an upstream that answers at once; and how long Sluice itself takes to start. Linux only. Exits with 1 when a limit is missed, and with 2 when
 * something could not be measured.
 */

import { availableParallelism, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { version } from "../../package.json";
import { measureMemory } from "./memory.ts";
import { exitCodeOf, type Failure, type Measured, printReport, rowsOf } from "./report.ts";
import { bareName, type Sample, type Scenario, scenarios } from "./scenarios.ts";
import { shuffled } from "./stats.ts";
import { measureStart, reportStart, type Start, startTimes } from "./start.ts";
import { startSubject, type Subject } from "./subject.ts";

/** No measurement takes nearly as long (milliseconds). */
const timeout = 60_000;
/** A scenario that fails so often is given up. */
const mostFailures = 3;
const memoryTimes = 3;

const names = [...scenarios.map(({ name }) => name), "memory", "start"];

const usage = `bun run bench [--rounds N] [--only NAME,…] [--json FILE]
  --rounds N    how often each scenario is measured (15, a start ${startTimes} times); a round before that only warms up
  --only NAME   only these scenarios, beside bare claude -p: ${names.join(", ")}
  --json FILE   also writes what was measured, with every sample, to a file`;

interface Options {
  rounds: number;
  scenarios: Scenario[];
  memory: boolean;
  /** How often a start is measured; 0 where it is not asked for. */
  starts: number;
  /** Whether anything else is asked for. */
  conversations: boolean;
  json: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: { rounds: { type: "string" }, only: { type: "string", multiple: true }, json: { type: "string" } },
  });
  const rounds = Number(values.rounds ?? 15);
  if (!Number.isInteger(rounds) || rounds < 1) throw new TypeError("--rounds must be a whole number from 1");
  const only = values.only?.flatMap((names) => names.split(","));
  const unknown = only?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`There is no scenario ${JSON.stringify(unknown)}`);
  return {
    rounds,
    scenarios: scenarios.filter(({ name }) => name === bareName || (only?.includes(name) ?? true)),
    memory: only?.includes("memory") ?? true,
    starts: (only?.includes("start") ?? true) ? Number(values.rounds ?? startTimes) : 0,
    conversations: only?.some((name) => name !== "start") ?? true,
    json: values.json,
  };
}

async function run(options: Options, interrupted: AbortSignal): Promise<number> {
  let start: Start | undefined;
  if (options.starts > 0) {
    progress("start");
    start = await measureStart(options.starts, interrupted);
    progress("");
  }
  const conversations = options.conversations ? await converse(options, interrupted) : undefined;
  const missed = start !== undefined && reportStart(start) ? 1 : 0;
  const exitCode = Math.max(missed, conversations?.exitCode ?? 0);
  if (options.json !== undefined) {
    await Bun.write(options.json, `${JSON.stringify({ ...conversations, start, exitCode }, undefined, 2)}\n`);
  }
  return exitCode;
}

async function converse(options: Options, interrupted: AbortSignal) {
  await using subject = await startSubject(interrupted, 7);
  await using roomy = await startSubject(interrupted, 40);
  const samples = new Map<string, Sample[]>();
  const failures: Failure[] = [];
  const load = loadavg()[0]?.toFixed(1);

  for (let round = 0; round <= options.rounds; round++) {
    progress(round === 0 ? "warm-up" : `round ${round} of ${options.rounds}`);
    for (const scenario of shuffled(options.scenarios)) {
      if (failures.filter((failure) => failure.scenario === scenario.name).length >= mostFailures) continue;
      await attempt(failures, scenario.name, round, interrupted, async () => {
        const measured = await measure(scenario, { subject, roomy }, interrupted);
        if (round === 0) return;
        for (const [position, sample] of measured.entries()) {
          const name = scenario.figures[position]?.name ?? scenario.name;
          samples.set(name, [...(samples.get(name) ?? []), sample]);
        }
      });
    }
  }

  let memory: Measured["memory"];
  if (options.memory) {
    progress("memory");
    await attempt(failures, "memory", options.rounds, interrupted, async () => {
      memory = await measureMemory(subject, memoryTimes, bounded(interrupted));
    });
  }
  progress("");

  const machine = `${availableParallelism()} cores, ${Math.round(totalmem() / 1024 ** 3)} GB, load ${load}`;
  const header = [
    `Sluice ${version}: ${subject.sluice}`,
    `Claude Code ${subject.claude}`,
    `Bun ${Bun.version}; ${machine} at the start and ${loadavg()[0]?.toFixed(1)} at the end; ${options.rounds} rounds`,
  ];
  const measured: Measured = { header, scenarios: options.scenarios, samples, failures, memory };
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
  return await scenario.measure({ ...subjects, signal: bounded(interrupted) });
}

function bounded(interrupted: AbortSignal): AbortSignal {
  return AbortSignal.any([interrupted, AbortSignal.timeout(timeout)]);
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
    console.error(interrupted.aborted ? (interrupted.reason as Error).message : error);
    return 2;
  }
}
