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

test("a name is known by the last list that was got, where a newer one can't be", async () => {
  let now = 1000;
  const catalog = new Catalog(() => now);
  const list = async (...ids: string[]) => ({ data: ids.map((id) => ({ id })) });
  const found = async (fetch: () => Promise<unknown>) => (await catalog.find("sonnet", fetch))?.id;
  expect(await found(() => list("claude-sonnet-5"))).toBe("claude-sonnet-5");
  const refuse = () => Promise.reject(new Error("No"));
  for (const wait of [3_600_001, 1, 60_001]) {
    now += wait;
    expect(await found(refuse)).toBe("claude-sonnet-5");
    // Who asks for the list is told that there is none.
    expect(await catalog.list(refuse).catch(String)).toBe("Error: No");
  }
  now += 60_001;
  expect(await found(() => list("claude-sonnet-6"))).toBe("claude-sonnet-6");
});
