import { expect, test } from "bun:test";
import { median, quantile, shuffled } from "./stats.ts";

test("a median lies in the middle, between two where there is no middle one", () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([7])).toBe(7);
});

test("a quantile is interpolated and stays within the values", () => {
  const values = Array.from({ length: 21 }, (_, n) => n * 10);
  expect(quantile(values, 0.95)).toBe(190);
  expect(quantile(values, 0)).toBe(0);
  expect(quantile(values, 1)).toBe(200);
  expect(quantile([0, 100], 0.95)).toBe(95);
});

test("nothing has no median", () => {
  expect(median([])).toBeNaN();
});

test("shuffled values are the same ones, and the original stays as it is", () => {
  const values = [1, 2, 3, 4, 5];
  expect(shuffled(values, () => 0)).toEqual([2, 3, 4, 5, 1]);
  expect(shuffled(values).toSorted()).toEqual(values);
  expect(values).toEqual([1, 2, 3, 4, 5]);
});
