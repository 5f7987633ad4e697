import { expect, spyOn, test } from "bun:test";
import { Frames, type Rehearse } from "../../../src/engine/claude/frame.ts";

const model = { name: "sonnet", resolved: "claude-sonnet-4-5", listed: true };
const hour = 3_600_000;

/** Frames of a Claude Code whose words may change, and how often it was asked for them. */
function framesOf(words: () => string) {
  let asked = 0;
  const rehearse: Rehearse = async ({ messages }) => {
    asked++;
    return { system: words(), messages };
  };
  return { frames: new Frames(rehearse), asked: () => asked };
}

test("is read once, however often and by how many it is asked for", async () => {
  const { frames, asked } = framesOf(() => "Be helpful.");
  const both = await Promise.all([frames.of(model, "chat"), frames.of(model, "chat")]);
  expect([...both, await frames.of(model, "chat")].map(({ texts }) => texts)).toEqual(Array(3).fill(["Be helpful."]));
  expect(asked()).toBe(1);
  await frames.of(model, "agent");
  expect(asked()).toBe(2);
});

test("is read anew after an hour: Claude Code may have been updated, or an agent's CLAUDE.md edited", async () => {
  let now = 0;
  using _ = spyOn(performance, "now").mockImplementation(() => now);
  let words = "Be helpful.";
  const { frames, asked } = framesOf(() => words);
  await frames.of(model, "agent");
  words = "Be brief.";
  now = hour - 1;
  expect((await frames.of(model, "agent")).texts).toEqual(["Be helpful."]);
  now = hour;
  expect((await frames.of(model, "agent")).texts).toEqual(["Be brief."]);
  expect(asked()).toBe(2);
});

test("that could not be read is asked for again", async () => {
  let works = false;
  const { frames } = framesOf(() => {
    if (!works) throw new Error("Claude Code is gone.");
    return "Be helpful.";
  });
  await expect(frames.of(model, "chat")).rejects.toThrow("Claude Code is gone.");
  works = true;
  expect((await frames.of(model, "chat")).texts).toEqual(["Be helpful."]);
});
