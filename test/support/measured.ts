/**
 * The README's section "Measured" and its pictures, from what the benches wrote to docs/peers.json and docs/growth.json.
 * `bun test/support/readme.ts` writes them anew.
 */

import { join } from "node:path";
import type { Curve } from "../bench/growth/curves.ts";
import type { Limit, Result } from "../bench/peers/figures.ts";
import { plotGrowth } from "../bench/plots/growth.ts";
import { plotPeers, told } from "../bench/plots/peers.ts";

const docs = join(import.meta.dir, "../../docs");

/** What the benches wrote. */
export const measuredFiles = ["peers.json", "growth.json"].map((name) => join(docs, name));

interface PeersFile {
  command: string;
  header: string[];
  summary: Result[];
  limits: Limit[];
}

interface GrowthFile {
  command: string;
  header: string[];
  curves: Curve[];
}

const read = async <T>(name: string) => (await Bun.file(join(docs, name)).json()) as T;

/** The pictures by their names in docs/. */
export async function pictures(): Promise<Record<string, string>> {
  const { summary } = await read<PeersFile>("peers.json");
  const { curves } = await read<GrowthFile>("growth.json");
  const growth = curves.map((curve) => [`growth-${curve.name}.svg`, plotGrowth(curve)] as const);
  return Object.fromEntries([["peers.svg", plotPeers(summary)], ...growth]);
}

export async function writePictures(): Promise<void> {
  for (const [name, picture] of Object.entries(await pictures())) await Bun.write(join(docs, name), picture);
}

/** The text below the heading. */
export async function measuredSection(): Promise<string> {
  const peers = await read<PeersFile>("peers.json");
  const growth = await read<GrowthFile>("growth.json");
  const machine = peers.header.at(-1) ?? "";
  return [
    `\`${peers.command} --json docs/peers.json\` measures these in one run and by turns, before one upstream that answers at once, with one Claude Code: what is left is what each program takes itself. Medians; ${machine}.`,
    "![First text and end of each work, for each program](docs/peers.svg)",
    timesTable(peers.summary),
    `What ten turns of a conversation take:`,
    costsTable(peers.summary.filter(({ work }) => work === "conversation")),
    `Sluice has Claude Code start one process more than it needs at the moment, which counts here. The limits that a run holds it to:`,
    limitsTable(peers.limits),
    `\`${growth.command} --json docs/growth.json\` measures how costs grow. The exponent is the slope of the upper half of the sizes where both axes are logarithmic: 1 is linear, 0 is flat.`,
    growthTable(growth.curves),
    "`bun test/bench/slip.ts` tells how many times `JSON.parse` of the same bytes each of our own steps takes; `bun test` holds that to limits.",
  ].join("\n\n");
}

function timesTable(summary: readonly Result[]): string {
  const programs = programsOf(summary);
  const works = [...new Map(summary.map(({ work, title }) => [work, title]))];
  const rows = works.map(([work, title]) => [
    title,
    ...programs.map(({ peer }) => {
      const result = summary.find((one) => one.work === work && one.peer === peer);
      if (!result?.figures) return result?.unable === undefined ? "" : "can't";
      return `${told(result.figures.first.median)}, ${told(result.figures.total.median)}`;
    }),
  ]);
  return tableOf(["First text, end", ...programs.map(({ name }) => name)], rows);
}

function costsTable(summary: readonly Result[]): string {
  const rows = summary.flatMap(({ peer, name, figures }) => {
    if (!figures) return [];
    const { requests, bytes, cpuOwn, cpuAll, memoryOwn, memoryAll } = figures;
    const own = (text: string) => (peer === "bare" ? "" : text);
    return [
      [
        name,
        String(requests.median),
        `${(bytes.median / 1000).toFixed(0)} kB`,
        own(`${(cpuOwn.median * 1000).toFixed(0)} ms`),
        `${(cpuAll.median * 1000).toFixed(0)} ms`,
        own(`${memoryOwn.median.toFixed(0)} MB`),
        `${memoryAll.median.toFixed(0)} MB`,
      ],
    ];
  });
  const head = ["", "Requests", "Sent", "Its CPU", "All CPU", "Its memory", "All memory"];
  return tableOf(head, rows);
}

function limitsTable(limits: readonly Limit[]): string {
  const rows = limits.map(({ title, value, unit, most, missed }) => [
    `${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    `${value} ${unit}`.trim(),
    `${most} ${unit}`.trim(),
    missed ? "missed" : "ok",
  ]);
  return tableOf(["", "Measured", "At most", ""], rows);
}

function growthTable(curves: readonly Curve[]): string {
  const rows = curves.flatMap(({ name: file, title, series }) =>
    series.map(({ name, exponent, most, missed }, n) => [
      n === 0 ? `[${title}](docs/growth-${file}.svg)` : "",
      name,
      exponent.toFixed(2),
      most === undefined ? "" : String(most),
      most === undefined ? "" : missed ? "missed" : "ok",
    ]),
  );
  return tableOf(["", "Cost", "Exponent", "At most", ""], rows);
}

function programsOf(summary: readonly Result[]): { peer: string; name: string }[] {
  return [...new Map(summary.map(({ peer, name }) => [peer, { peer, name }])).values()];
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
