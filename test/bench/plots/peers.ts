/** The picture of `bun run bench:peers`. */

import type { Result } from "../peers/figures.ts";
import { colours, dot, gridLine, label, logScale, picture, short, stroke, width } from "./svg.ts";

const left = 190;
const right = width - 190;
const row = 21;
const top = 66;

/** The works of the picture: those that everybody speaks the same API for. */
const shown = ["short", "deltas", "conversation", "loop", "crowd"];

/** First text and end of each work, for everybody, on one logarithmic axis. */
export function plotPeers(summary: readonly Result[]): string {
  const results = summary.filter(({ work }) => shown.includes(work));
  const times = results.flatMap(({ figures }) => (figures ? [figures.first.min, figures.total.max] : []));
  const axis = logScale(times, left, right);
  const names = [...new Set(results.map(({ peer }) => peer))];
  const parts: string[] = [];
  let y = top;
  for (const work of shown) {
    const own = results.filter((result) => result.work === work);
    if (own.length === 0) continue;
    parts.push(label(20, y, own[0]?.title ?? work, { kind: "title" }));
    y += row;
    for (const { peer, name, figures, unable } of own) {
      const colour = names.indexOf(peer) % colours;
      parts.push(label(left - 14, y + 4, name, { anchor: "end", colour }));
      if (figures) {
        const [first, total] = [axis.at(figures.first.median), axis.at(figures.total.median)];
        const line = [figures.total.min, figures.total.max].map((value) => [axis.at(value), y] as const);
        parts.push(
          stroke(
            [
              [first, y],
              [total, y],
            ],
            colour,
          ),
          stroke(line, colour),
          dot(total, y, colour),
          dot(first, y, colour, true),
        );
        parts.push(label(right + 14, y + 4, `${told(figures.first.median)}, ${told(figures.total.median)}`));
      } else if (unable !== undefined) parts.push(label(left + 4, y + 4, "can't", { kind: "small" }));
      y += row;
    }
    y += 14;
  }
  const grid = axis.ticks.flatMap((tick) => [
    gridLine(axis.at(tick), top - 8, axis.at(tick), y - 14),
    label(axis.at(tick), y + 4, tick >= 1000 ? `${short(tick / 1000)} s` : `${short(tick)} ms`, {
      anchor: "middle",
      kind: "small",
    }),
  ]);
  const legend = [
    label(20, 28, "First text (hollow) and end (filled), median", { kind: "title" }),
    label(right + 14, 28, "first, end", { kind: "small" }),
  ];
  return picture(y + 20, "How long each program takes for each work, on a logarithmic axis", [
    ...grid,
    ...legend,
    ...parts,
  ]);
}

/** A time as people say it. */
export function told(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${ms.toFixed(0)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
