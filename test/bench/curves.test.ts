import { expect, test } from "bun:test";
import { seriesOf } from "./growth/curves.ts";

const sizes = [1, 10, 100, 1000, 10_000];
const samples = (cost: (size: number) => number) => new Map(sizes.map((size) => [size, [cost(size)]]));

test("the exponent is that of the larger half: what everything takes anyway hides nothing", () => {
  const exponent = (cost: (size: number) => number) => seriesOf("", samples(cost), "told").exponent;
  expect(exponent((n) => 7 * n)).toBeCloseTo(1);
  expect(exponent((n) => n ** 2)).toBeCloseTo(2);
  expect(exponent(() => 5)).toBeCloseTo(0);
  expect(exponent((n) => 1000 + n ** 2)).toBeGreaterThan(1.9);
});

test("a cost that grows faster than it may is missed, and one that can't be told, too", () => {
  expect(
    seriesOf(
      "",
      samples((n) => n),
      "linear",
    ).missed,
  ).toBe(false);
  expect(
    seriesOf(
      "",
      samples((n) => n ** 1.3),
      "linear",
    ).missed,
  ).toBe(true);
  expect(
    seriesOf(
      "",
      samples((n) => n ** 0.3),
      "flat",
    ).missed,
  ).toBe(true);
  expect(
    seriesOf(
      "",
      samples(() => Number.NaN),
      "flat",
    ).missed,
  ).toBe(true);
  expect(
    seriesOf(
      "",
      samples((n) => n ** 3),
      "told",
    ).missed,
  ).toBe(false);
});

test("a point is the median of its samples, and the sizes are in order", () => {
  const unordered = new Map([
    [10, [3, 1, 2]],
    [1, [4]],
  ]);
  expect(seriesOf("", unordered, "told").points).toEqual([
    { size: 1, median: 4, min: 4, max: 4 },
    { size: 10, median: 2, min: 1, max: 3 },
  ]);
});
