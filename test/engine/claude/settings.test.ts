import { describe, expect, test } from "bun:test";
import { turnSettings, unmet } from "../../../src/engine/claude/settings.ts";
import type { Effort, MessagesRequest } from "../../../src/messages/types.ts";

/** What the settings say for a request to a model: the variables, and the body that they carry. */
function settingsFor(fields: Partial<MessagesRequest>, resolved = "claude-sonnet-5-5") {
  const request: MessagesRequest = { model: "m", system: [], messages: [], ...fields };
  const { settings } = turnSettings(request, { name: resolved, resolved, listed: false }, "chat", undefined) as {
    settings?: { env: Record<string, string> };
  };
  const env = settings?.env ?? {};
  return { env, body: JSON.parse(env["CLAUDE_CODE_EXTRA_BODY"] ?? "") as Record<string, unknown> };
}

describe("adaptive thinking", () => {
  const thinking = { type: "adaptive", display: "summarized" } as const;

  test.each(["claude-sonnet-5-5", "claude-opus-4-6", "claude-opus-4-7", "someone/elses-model", "claude-haiku-5"])(
    "stays for %s",
    (model) => expect<unknown>(settingsFor({ thinking, max_tokens: 100 }, model).body["thinking"]).toEqual(thinking),
  );

  test.each([
    "claude-sonnet-4-5",
    "claude-haiku-4-5-20251001",
    "claude-opus-4-1",
    "claude-sonnet-4-20250514",
    "claude-3-7-sonnet-latest",
  ])("is half of the answer for %s", (model) => {
    const half = (max_tokens?: number) => settingsFor({ thinking, max_tokens }, model);
    expect<unknown>(half(5000).body["thinking"]).toEqual({
      type: "enabled",
      budget_tokens: 2500,
      display: "summarized",
    });
    expect(half().body["thinking"]).toMatchObject({ budget_tokens: 16_000 });
    expect(half(2000)).toMatchObject({
      body: { thinking: { type: "disabled" } },
      env: { CLAUDE_CODE_DISABLE_THINKING: "1" },
    });
  });

  test("is not made of what was asked for as something else", () => {
    const enabled = { type: "enabled", budget_tokens: 1024 } as const;
    expect<unknown>(settingsFor({ thinking: enabled }, "claude-sonnet-4-5").body["thinking"]).toEqual(enabled);
    expect(settingsFor({}, "claude-sonnet-4-5").body).not.toHaveProperty("thinking");
  });
});

test("what a model knows nothing of is told", () => {
  const told = (fields: Partial<MessagesRequest>, resolved: string) =>
    unmet({ model: "m", system: [], messages: [], ...fields }, { name: "m", resolved, listed: true });
  const thinking = { type: "adaptive" } as const;
  for (const model of [
    "claude-haiku-4-5-20251001",
    "claude-sonnet-4-5",
    "claude-opus-4-1",
    "claude-sonnet-4-20250514",
  ]) {
    expect(told({ output_config: { effort: "low" } }, model)).toEqual(["effort ignored: m knows none"]);
    expect(told({ thinking, max_tokens: 2000 }, model)).toEqual([
      "thinking ignored: m needs a budget for it, and max_tokens leaves none",
    ]);
    expect(told({ thinking, max_tokens: 4000 }, model)).toEqual([]);
  }
  for (const model of ["claude-opus-4-5", "claude-sonnet-4-6", "claude-sonnet-5-5", "claude-haiku-5"]) {
    expect(told({ output_config: { effort: "low" } }, model)).toEqual([]);
  }
  expect(told({ thinking, max_tokens: 2000 }, "claude-sonnet-5-5")).toEqual([]);
});

test("an effort that is too high for a model is lowered by the CLI, which is told", () => {
  const told = (effort: Effort, resolved: string) =>
    unmet({ model: "m", system: [], messages: [], output_config: { effort } }, { name: "m", resolved, listed: true });
  expect(told("xhigh", "claude-opus-4-6")).toEqual(["effort lowered to high: m knows no xhigh"]);
  expect(told("xhigh", "claude-sonnet-4-6-20260101")).toEqual(["effort lowered to high: m knows no xhigh"]);
  expect(told("max", "claude-opus-4-5-20251101")).toEqual(["effort lowered to high: m knows no max"]);
  expect(told("max", "claude-opus-4-6")).toEqual([]);
  for (const model of ["claude-opus-4-7", "claude-sonnet-5-5", "someone/else"])
    expect(told("xhigh", model)).toEqual([]);
});

test("blank stop sequences and no tokens at all are Sluice's to see to", () => {
  const { env, body } = settingsFor({ stop_sequences: ["\n", "END"], max_tokens: 0 });
  expect(body).toEqual({ stop_sequences: ["END"] });
  expect(env["CLAUDE_CODE_MAX_OUTPUT_TOKENS"]).toBe("1");
  expect(settingsFor({ stop_sequences: ["\n"] }).body).toEqual({});
  const request = { model: "m", system: [], messages: [], max_tokens: 0 };
  expect(unmet(request, { name: "m", resolved: "m", listed: true })).toEqual([
    "max_tokens 0: one token is asked for and left out",
  ]);
});

test("thinking that becomes a budget keeps the rest of what was asked of it", () => {
  const block_binding = { prefix_mismatch_behavior: "drop_block" };
  const { body } = settingsFor({ thinking: { type: "adaptive", block_binding }, max_tokens: 4000 }, "claude-haiku-4-5");
  expect(body["thinking"]).toEqual({ type: "enabled", budget_tokens: 2000, block_binding });
});

test("what one turn has is taken back for the next", () => {
  const names = ["CLAUDE_CODE_MAX_OUTPUT_TOKENS", "CLAUDE_CODE_DISABLE_THINKING", "ANTHROPIC_BETAS"];
  const { env } = settingsFor({ betas: ["a-1", "b-2"], max_tokens: 5, thinking: { type: "adaptive" } });
  expect(names.map((name) => env[name])).toEqual(["5", "", "a-1,b-2"]);
  const plain = settingsFor({});
  expect(names.map((name) => plain.env[name])).toEqual(["", "1", ""]);
  expect(plain.body).toEqual({});
});

test("what Sluice itself sees to, no upstream is told", () => {
  expect(settingsFor({ text_format: "json_object" }).body).toEqual({});
});
