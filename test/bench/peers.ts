/**
 * `bun run bench:peers`: what people use, side by side, before one upstream and with one real CLI, by turns: bare
 * `claude -p`, another proxy of its kind, Sluice in both modes, and a gateway. Linux only; installs what it needs. Exits
 * with 1 when a limit is missed, and with 2 when something could not be measured.
 */

import { version } from "../../package.json";
import { temporaryFolder } from "../support/environment.ts";
import { type BenchOptions, bounded, keep, loadNow, machine, progress, runBench } from "./main.ts";
import { measureLine, measureMemory } from "./peers/alone.ts";
import { type Api, apis, Unable } from "./peers/chat.ts";
import { type Peer, type PeerName, peerNames, type Peers, startPeers } from "./peers/programs.ts";
import { question } from "./peers/questions.ts";
import { limitsOf, type Measured, type Sample, summaryOf } from "./peers/figures.ts";
import { printReport } from "./peers/report.ts";
import { type Work, works } from "./peers/works.ts";
import { shuffled } from "./stats.ts";

/** No work takes nearly as long (milliseconds). */
const timeout = 180_000;
const warmDeltas = 20_000;
const warmTimes = 3;
/** A Sluice that has rested for a minute gives up what it had compiled, with other memory (milliseconds). */
const longestRest = 50_000;
const alone = ["line", "memory"];
const workNames = works.map(({ name }) => name);

const usage = `bun run bench:peers [--rounds N] [--only NAME,…] [--json FILE]
  --rounds N    how often everything is measured (3); a round before that only warms up
  --only NAME   only these works: ${[...workNames, ...alone].join(", ")};
                or only these programs: ${peerNames.join(", ")}
  --json FILE   also writes what was measured to a file; docs/peers.json is the README's`;

async function run({ rounds, only, json }: BenchOptions, interrupted: AbortSignal): Promise<number> {
  const asked = (names: readonly string[]) => names.filter((name) => only.has(name));
  const someWork = asked([...workNames, ...alone]).length > 0;
  const somePeer = asked(peerNames).length > 0;
  const wanted = works.filter(({ name }) => !someWork || only.has(name));
  const who = new Set(somePeer ? asked(peerNames) : peerNames);
  const goes = (name: string) => !someWork || only.has(name);

  await using folder = await temporaryFolder();
  await using peers = await startPeers(wanted.length > 0 ? who : new Set(), folder.path, interrupted);
  const load = loadNow();
  const measured: Measured = { samples: new Map(), unable: new Map(), failures: [], lines: [], memory: undefined };
  progress("the engines' compilers");
  const used = new Map<Peer, number>();
  for (const peer of peers.all) {
    for (const api of apis) await warm(peer, api, interrupted);
    used.set(peer, performance.now());
  }
  for (let round = 0; round <= rounds; round++) {
    progress(round === 0 ? "warm-up" : `round ${round} of ${rounds}`);
    for (const { work, peer } of shuffled(wanted.flatMap((work) => peers.all.map((peer) => ({ work, peer }))))) {
      // Otherwise the order, which is chance, would tell what is measured cold.
      if (performance.now() - (used.get(peer) ?? 0) > longestRest) await warm(peer, work.api, interrupted);
      await attempt(measured, work, peer.name, interrupted, async () => {
        const sample = await measure(peers, work, peer, bounded(interrupted, timeout));
        if (round > 0) keep(measured.samples, `${work.name} ${peer.name}`, sample);
      });
      if (work.clients === undefined) used.set(peer, performance.now());
    }
    if (goes("line") && round > 0) measured.lines.push(await measureLine(folder.path, bounded(interrupted, timeout)));
  }
  if (goes("memory")) {
    progress("memory");
    const [native, claude] = [
      await measureMemory("native", folder.path, bounded(interrupted, timeout)),
      await measureMemory("claude", folder.path, bounded(interrupted, timeout)),
    ];
    measured.memory = { native, claude };
  }
  progress("");

  const titles = peers.all.map(({ name, title }) => (name === "native" ? [] : title)).flat();
  const header = [
    `Sluice ${version}; Claude Code ${peers.claude.split(" ")[0]}`,
    titles.join("; "),
    `${machine(load)}; ${rounds} rounds`,
  ];
  const summary = summaryOf(measured);
  const limits = limitsOf(measured);
  printReport(header, summary, limits, measured.failures);
  if (peers.warnings() !== "") console.log(`\nSluice has warned\n${peers.warnings()}`);
  if (json !== undefined) {
    const content = { command: "bun run bench:peers", header, summary, limits, failures: measured.failures };
    await Bun.write(json, `${JSON.stringify(content, undefined, 2)}\n`);
  }
  if (measured.failures.length > 0) return 2;
  return limits.some(({ missed }) => missed) ? 1 : 0;
}

/**
 * Runs what is measured until it is compiled, as it is in a program that people leave running: a delta of the first
 * thousands costs three to five times as much, half of it in the threads of the compiler. The bare CLI starts anew each
 * time.
 */
async function warm(peer: Peer, api: Api, interrupted: AbortSignal): Promise<void> {
  if (peer.name === "bare") return;
  const { converse } = peer.serving(1);
  try {
    for (let time = 0; time < warmTimes; time++) {
      await converse(api, bounded(interrupted, timeout)).say(question("deltas", warmDeltas));
    }
  } catch {
    // What it can't do is found out when it is measured.
    interrupted.throwIfAborted();
  }
}

async function measure(peers: Peers, work: Work, peer: Peer, signal: AbortSignal): Promise<Sample> {
  const service = peer.serving(work.clients ?? 1);
  await service.settled("empty");
  const before = await peers.traffic();
  const meter = service.meter();
  try {
    const times = await work.run(() => service.converse(work.api, signal));
    await service.settled("calm");
    const after = await peers.traffic();
    const { cpu, peak } = meter.stop();
    return {
      ...times,
      requests: after.requests - before.requests,
      bytes: after.bytes - before.bytes,
      cpuOwn: cpu.own,
      cpuAll: cpu.all,
      memoryOwn: peak.own,
      memoryAll: peak.all,
    };
  } catch (error) {
    meter.stop();
    throw error;
  }
}

/** What a program can't do, and what has failed, is told in the report; an interrupted measurement ends everything. */
async function attempt(
  { unable, failures }: Measured,
  work: Work,
  peer: PeerName,
  interrupted: AbortSignal,
  action: () => Promise<void>,
): Promise<void> {
  try {
    await action();
  } catch (error) {
    interrupted.throwIfAborted();
    if (error instanceof Unable) unable.set(`${work.name} ${peer}`, error.message);
    else failures.push(`${work.title}, ${peer}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

await runBench({ usage, parts: [...workNames, ...alone, ...peerNames], rounds: 3, json: true, run });
