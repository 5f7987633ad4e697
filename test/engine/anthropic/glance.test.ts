import { describe, expect, test } from "bun:test";
import { namesKnownModels } from "../../../src/engine/anthropic/glance.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("the models that a body names", () => {
  test.each([
    ['{"model":"claude-opus-5"}', true],
    ['{"max_tokens":1,"model" :\n "claude-opus-5","messages":[]}', true],
    ['{"model":"claude-opus-5","tools":[{"type":"advisor","model":"claude-haiku-4-5"}]}', true],
    ['{"model":"claude-opus-5","tools":[{"type":"advisor","model":"haiku"}]}', false],
    ['{"model":"opus"}', false],
    ['{"model":"claude-opus-5[1m]"}', false],
    [`{"model":"claude-${"x".repeat(300)}"}`, false],
    [`{"model":${" ".repeat(300)}"claude-opus-5"}`, false],
    ['{"model":7}', false],
    ['{"model"', false],
    ["{}", false],
    ["", false],
    [JSON.stringify({ model: "claude-opus-5", system: 'say {"model":"opus"}' }), true],
    [`{"system":"${"ä🙂".repeat(500)}","model":"claude-opus-5"}`, true],
  ])("%s", (body, known) => {
    expect(namesKnownModels(bytes(body))).toBe(known);
  });

  test("in a view of a buffer, there alone", () => {
    const all = bytes('{"model":"opus"}{"model":"claude-opus-5"}{"model":"opus"}');
    expect(namesKnownModels(all.subarray(16, -16))).toBe(true);
  });
});
