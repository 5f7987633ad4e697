import { expect, test } from "bun:test";
import { concealer } from "../src/conceal.ts";
import type { Config } from "../src/config.ts";

const conceal = (ANTHROPIC_API_KEY: string, text: string) =>
  concealer({ env: { ANTHROPIC_API_KEY } } as never as Config)(text);

test("a secret is taken out of a text, as it is and as JSON has it", () => {
  expect(conceal("12345678", "the key 12345678.")).toBe("the key [redacted].");
  expect(conceal('quote"quote', JSON.stringify({ key: 'quote"quote' }))).toBe('{"key":"[redacted]"}');
});

test("one that is shorter would be found in ordinary words", () => {
  expect(conceal("ordinar", "an ordinary word")).toBe("an ordinary word");
});
