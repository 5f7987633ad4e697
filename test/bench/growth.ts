/**
 * `bun run bench:growth`: how costs grow with what is asked for: turns, deltas, tools, open streams, stored responses.
 * Linux only. Exits with 1 where one grows faster than it should, and with 2 when something could not be measured.
 */

import { version } from "../../package.json";
import { temporaryFolder } from "../support/environment.ts";
import { startLab } from "./growth/conversations.ts";
import type { Curve } from "./growth/curves.ts";
import { measureStored } from "./growth/stored.ts";
import { measureStreams } from "./growth/streams.ts";
import { type BenchOptions, loadNow, machine, progress, runBench } from "./main.ts";
import { digits, table } from "./report.ts";

const conversations = ["turns", "deltas", "tools"] as const;
const parts = [...conversations, "streams", "stored"];

const usage = `bun run bench:growth [--rounds N] [--only NAME,…] [--json FILE]
  --rounds N    how often everything is measured (3)
  --only NAME   only these: ${parts.join(", ")}
  --json FILE   also writes what was measured to a file; docs/growth.json is the README's`;

async function run({ rounds, only, json }: BenchOptions, interrupted: AbortSignal): Promise<number> {
  await using folder = await temporaryFolder();
  const load = loadNow();
  const curves: Curve[] = [];
  const wanted = conversations.filter((name) => only.has(name));
  if (wanted.length > 0) {
    await using stack = new AsyncDisposableStack();
    const lab = await startLab(folder.path, stack, interrupted);
    for (const name of wanted) curves.push(await lab[name](rounds));
  }
  if (only.has("streams")) curves.push(await measureStreams(rounds, folder.path, interrupted));
  if (only.has("stored")) curves.push(await measureStored(rounds, folder.path, interrupted));
  progress("");

  const header = [`Sluice ${version}`, `${machine(load)}; ${rounds} rounds`];
  console.log([header.join("\n"), ...curves.map(report)].join("\n\n"));
  if (json !== undefined) {
    await Bun.write(json, `${JSON.stringify({ command: "bun run bench:growth", header, curves }, undefined, 2)}\n`);
  }
  return curves.some(({ series }) => series.some(({ missed }) => missed)) ? 1 : 0;
}

function report({ title, sizes, costs, series }: Curve): string {
  const all = [...new Set(series.flatMap(({ points }) => points.map(({ size }) => size)))].sort((a, b) => a - b);
  const head = [`${title} (${costs})`, ...all.map(String), "exponent", "limit", ""];
  const rows = series.map(({ name, points, exponent, most, missed }) => [
    name,
    ...all.map((size) => digits(points.find((point) => point.size === size)?.median ?? Number.NaN, 1)),
    digits(exponent, 2),
    most === undefined ? "" : `<= ${most}`,
    most === undefined ? "" : missed ? "MISSED" : "OK",
  ]);
  return [...table([head, ...rows]), `sizes: ${sizes}`].join("\n");
}

await runBench({ usage, parts, rounds: 3, json: true, run });
