/**
 * One folder a scenario: what the real CLI printed (`cli.ndjson`, made by record.ts) and every answer that becomes of it,
 * byte by byte. `UPDATE_GOLDEN=1 bun test test/golden/golden.test.ts` writes them anew.
 */

import { describe, expect, test } from "bun:test";
import { type Answer, answerOf, dialects } from "./answers.ts";
import { folders, linesOf, readFiles, toFiles, updates, writeFiles } from "./files.ts";
import { record } from "./record.ts";
import { type Scenario, scenarios } from "./scenarios.ts";

test("every scenario has its folder, and every folder its scenario", () => {
  expect(folders()).toEqual(Object.keys(scenarios).sort());
});

test.each(Object.entries(scenarios))("%s", async (name, scenario) => {
  const files = toFiles(await answersTo(scenario, linesOf(name)));
  if (updates) return writeFiles(name, files);
  const golden = readFiles(name);
  expect(Object.keys(files).sort()).toEqual(Object.keys(golden).sort());
  for (const [file, bytes] of Object.entries(files)) {
    // As text first, which shows where they differ.
    expect(`${bytes}`).toBe(`${golden[file]}`);
    expect(golden[file]?.equals(bytes)).toBe(true);
  }
});

describe("the transcript is what the CLI prints today", () => {
  test.each([
    "end-turn",
    "tools-parallel",
    "utf-8-lone-surrogates",
    "broken-overloaded",
    "refused-usage-limit",
    "agent",
  ])("%s", async (name) => {
    const scenario = scenarios[name] as Scenario;
    expect(await answersTo(scenario, await record(scenario))).toEqual(await answersTo(scenario, linesOf(name)));
  });
});

/** Every answer, by the name of its file. */
async function answersTo({ asked = {} }: Scenario, lines: ReturnType<typeof linesOf>): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  for (const dialect of dialects) {
    const whole = await answerOf(dialect, lines, asked, false);
    const streamed = await answerOf(dialect, lines, asked, true);
    answers[`${dialect}.json`] = whole;
    // What fails before the first event is answered alike.
    if (streamed.headers["content-type"] === whole.headers["content-type"]) expect(streamed).toEqual(whole);
    else answers[`${dialect}.sse`] = streamed;
  }
  return answers;
}
