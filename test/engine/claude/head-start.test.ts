import { expect, test } from "bun:test";
import { HeadStart } from "../../../src/engine/claude/head-start.ts";

function started() {
  const acted: number[] = [];
  const began = performance.now();
  return { acted, head: new HeadStart(() => acted.push(performance.now() - began)) };
}

test("one request has its time", async () => {
  const { acted, head } = started();
  using _ = head;
  head.schedule();
  await Bun.sleep(300);
  expect(acted).toHaveLength(1);
  expect(acted[0]).toBeGreaterThan(140);
});

test("requests that follow one another have theirs, but not for ever", async () => {
  const { acted, head } = started();
  using _ = head;
  head.schedule();
  // Twice as long as all of them can have.
  for (let request = 0; request < 24; request++) {
    await Bun.sleep(50);
    if (acted.length === 0) head.extend();
  }
  expect(acted).toHaveLength(1);
  expect(acted[0]).toBeGreaterThan(500);
});

test("what is not to be done is not done because a request begins, nor at the end", async () => {
  const { acted, head } = started();
  head.extend();
  await Bun.sleep(200);
  head.schedule();
  head[Symbol.dispose]();
  await Bun.sleep(200);
  expect(acted).toEqual([]);
});

test("a request that begins when the time was over already changes nothing", async () => {
  const warnings: Error[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  process.on("warning", warned);
  const { acted, head } = started();
  using _ = head;
  head.schedule();
  Bun.sleepSync(700);
  head.extend();
  await Bun.sleep(100);
  process.off("warning", warned);
  expect(acted).toHaveLength(1);
  expect(warnings).toEqual([]);
});
