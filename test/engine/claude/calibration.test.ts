import { expect, test } from "bun:test";
import { Calibration } from "../../../src/engine/claude/calibration.ts";
import type { Prompt } from "../../../src/engine/claude/count.ts";
import { Estimator } from "../../../src/engine/claude/estimate.ts";
import type { MessageEvent, Usage } from "../../../src/messages/types.ts";
import { eventsOf, messageOf, text } from "../../support/mock-anthropic.ts";

const model = "claude-sonnet-5-5";
const words = "Nobody had read the budget, and so nothing was decided. ";
const frame = words.repeat(20);

function said(length: number, texts: string[] = []): Prompt {
  return {
    texts,
    tools: [],
    messages: [{ role: "user", content: [{ type: "text", text: words.repeat(length) }] }],
    betas: undefined,
  };
}

const guess = (prompt: Prompt) => new Estimator(model).prompt(prompt);

/** Lets it hear an answer that cost so much. */
function hear(calibration: Calibration, key: string, prompt: Prompt, usage: Partial<Usage>): void {
  const listen = calibration.listen(model, key, () => prompt);
  const events: MessageEvent[] = eventsOf(messageOf(text("Yes.", { usage }), "msg_1", model), 1);
  for (const event of events) listen(event);
}

const cost = (tokens: number) => ({
  input_tokens: tokens - 30,
  cache_read_input_tokens: 20,
  cache_creation_input_tokens: 10,
});

function estimate(calibration: Calibration, keys: string[], length: number): Promise<number> {
  return calibration.estimate(model, keys, said(length, [frame]), said(length));
}

test("without any answer, the estimate as it is, with the frame", async () => {
  const calibration = new Calibration();
  expect(await estimate(calibration, ["a", "b"], 100)).toBe(Math.round(await guess(said(100, [frame]))));
});

test("an answer of the same conversation is the truth up to it, the cache included", async () => {
  const calibration = new Calibration();
  const before = await guess(said(100));
  const true_ = Math.round(before * 1.2) + 500;
  hear(calibration, "asked", said(100), cost(true_));
  expect(await estimate(calibration, ["asked", "other"], 100)).toBe(true_);
  const more = await estimate(calibration, ["new", "asked"], 110);
  const added = (await guess(said(110))) - before;
  expect(more).toBeGreaterThan(true_ + added * 0.9);
  expect(more).toBeLessThan(true_ + added * 1.5);
});

test("answers of other conversations teach how the model counts", async () => {
  const calibration = new Calibration();
  for (const [length, key] of [
    [50, "a"],
    [100, "b"],
    [200, "c"],
  ] as const)
    hear(calibration, key, said(length), cost(Math.round((await guess(said(length, [frame]))) * 1.25)));
  const asked = await estimate(calibration, ["new", "none"], 150);
  expect(asked / ((await guess(said(150, [frame]))) * 1.25)).toBeCloseTo(1, 2);
});

test("what can't be a count of tokens is not learnt from", async () => {
  const calibration = new Calibration();
  hear(calibration, "a", said(100), { input_tokens: 0, cache_read_input_tokens: 0, cache_creation_input_tokens: 0 });
  expect(await estimate(calibration, ["a", "b"], 100)).toBe(Math.round(await guess(said(100, [frame]))));
  hear(calibration, "a", said(100), cost(1_000_000));
  expect(await estimate(calibration, ["none"], 100)).toBe(Math.round((await guess(said(100, [frame]))) * 2));
});
