import { expect, test } from "bun:test";
import { Catalog } from "../../../src/engine/anthropic/catalog.ts";

test("a list that was got is not asked for again, and neither is one that was refused a moment ago", async () => {
  const answers = [() => Promise.resolve({ data: [{ id: "claude-sonnet-5" }] }), () => Promise.reject(new Error("No"))];
  for (const fetch of answers) {
    const catalog = new Catalog();
    let asked = 0;
    const counted = () => {
      asked++;
      return fetch();
    };
    const first = await catalog.list(counted).catch(String);
    expect(await catalog.list(counted).catch(String)).toEqual(first);
    await catalog.find("sonnet", counted);
    expect(asked).toBe(1);
  }
});
