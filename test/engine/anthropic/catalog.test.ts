import { expect, test } from "bun:test";
import { Catalog } from "../../../src/engine/anthropic/catalog.ts";

test.each([
  ["was got", 3_600_000, () => Promise.resolve({ data: [{ id: "claude-sonnet-5" }] })],
  ["was refused", 60_000, () => Promise.reject(new Error("No"))],
])("a list that %s is not asked for again before %p ms", async (_, holds, fetch) => {
  let now = 1000;
  let asked = 0;
  const catalog = new Catalog(() => now);
  const counted = () => {
    asked++;
    return fetch();
  };
  const first = await catalog.list(counted).catch(String);
  now += holds;
  expect(await catalog.list(counted).catch(String)).toEqual(first);
  await catalog.find("sonnet", counted);
  expect(asked).toBe(1);
  now += 1;
  await catalog.find("sonnet", counted);
  expect(asked).toBe(2);
});
