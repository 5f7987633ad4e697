/** What is measured of growth: a cost by a size, and how fast it may grow. */

import { median } from "../stats.ts";

export interface Point {
  size: number;
  median: number;
  min: number;
  max: number;
}

/** A line in a plot. */
export interface Series {
  name: string;
  points: Point[];
  /** The exponent with which the cost grows in the upper half of the sizes, and the most that it may be. */
  exponent: number;
  most: number | undefined;
  missed: boolean;
}

export interface Curve {
  /** The plot's file is named after it. */
  name: string;
  title: string;
  /** What the sizes are, and what the costs are, with their unit. */
  sizes: string;
  costs: string;
  series: Series[];
}

/** How fast a cost may grow: with what must be looked at anyway, or not at all. Some are told only. */
export type Growth = "linear" | "flat" | "told";

const most: Readonly<Record<Growth, number | undefined>> = { linear: 1.15, flat: 0.15, told: undefined };

/** The series of some samples by their size. */
export function seriesOf(name: string, samples: ReadonlyMap<number, readonly number[]>, growth: Growth): Series {
  const points = [...samples]
    .sort(([a], [b]) => a - b)
    .map(([size, values]) => ({ size, median: median(values), min: Math.min(...values), max: Math.max(...values) }));
  const exponent = exponentOf(points);
  const limit = most[growth];
  return { name, points, exponent, most: limit, missed: limit !== undefined && !(exponent <= limit) };
}

/** The slope of the upper half of the points where both axes are logarithmic, by least squares. */
export function exponentOf(points: readonly Point[]): number {
  const upper = points.filter(({ size }) => size > 0).slice(-Math.max(2, Math.ceil(points.length / 2)));
  const logs = upper.map(({ size, median: cost }) => [Math.log(size), Math.log(cost)] as const);
  const mean = (axis: 0 | 1) => logs.reduce((sum, one) => sum + one[axis], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const products = logs.reduce((sum, one) => sum + (one[0] - x) * (one[1] - y), 0);
  return products / logs.reduce((sum, one) => sum + (one[0] - x) ** 2, 0);
}
