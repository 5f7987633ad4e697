import { expect, test } from "bun:test";
import { Rest } from "../../src/observe/rest.ts";
import { eventually } from "../support/environment.ts";

test("comes once after the last request, and not while one runs", async () => {
  let times = 0;
  const rest = new Rest(40, () => times++);
  rest.began();
  rest.ended();
  rest.began();
  rest.began();
  rest.ended();
  await Bun.sleep(120);
  expect(times).toBe(0);
  rest.ended();
  await eventually(() => times === 1);
  await Bun.sleep(120);
  expect(times).toBe(1);
});

test("begins anew with each end", async () => {
  const ends: number[] = [];
  const rest = new Rest(60, () => ends.push(performance.now()));
  let last = 0;
  for (let request = 0; request < 5; request++) {
    rest.began();
    rest.ended();
    last = performance.now();
    await Bun.sleep(20);
  }
  await eventually(() => ends.length > 0);
  expect((ends[0] ?? 0) - last).toBeGreaterThanOrEqual(59);
  rest.began();
  rest.ended();
  await eventually(() => ends.length === 2);
});
