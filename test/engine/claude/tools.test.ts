import { describe, expect, test } from "bun:test";
import { resultsFor } from "../../../src/engine/claude/tools.ts";
import type { Message, ToolResultBlock } from "../../../src/messages/types.ts";

const answer: Message = {
  role: "assistant",
  content: ["callA", "callB"].map((id) => ({ type: "tool_use", id, name: "get_weather", input: {} })),
};
const results = (...ids: string[]): Message => ({
  role: "user",
  content: ids.map((id) => ({ type: "tool_result", tool_use_id: id, content: [{ type: "text", text: `of ${id}` }] })),
});

describe("results for a parked process", () => {
  test("come in the order of the calls, which the client need not keep, and under their own ids", () => {
    for (const ids of [
      ["callA", "callB"],
      ["callB", "callA"],
    ]) {
      expect(resultsFor(["toolu_1", "toolu_2"], answer, results(...ids))).toMatchObject([
        { tool_use_id: "toolu_1", content: [{ text: "of callA" }] },
        { tool_use_id: "toolu_2", content: [{ text: "of callB" }] },
      ]);
    }
  });

  test.each([[["callA"]], [["callA", "callA"]], [["callA", "other"]], [["callA", "callB", "callB"]]])(
    "are none where %j came",
    (ids) => {
      expect(resultsFor(["toolu_1", "toolu_2"], answer, results(...ids))).toBeUndefined();
    },
  );

  const text = { type: "text" as const, text: "a" };
  const image = {
    type: "image" as const,
    source: { type: "base64" as const, media_type: "image/png" as const, data: "AAAA" },
  };
  const elsewhere = { type: "image" as const, source: { type: "url" as const, url: "https://a.example/b.png" } };
  const long = (length: number) => ({ ...text, text: "x".repeat(length) });

  test.each<[string, ToolResultBlock["content"], boolean, boolean]>([
    ["a text", [text], false, true],
    ["a failure in a text", [text], true, true],
    ["several texts and an image", [text, text, image], false, true],
    ["several texts of a failure", [text, text], true, false],
    ["the image of a failure", [image], true, false],
    ["an image that is elsewhere", [elsewhere], false, false],
    ["nothing", [], false, false],
    ["an empty text", [{ ...text, text: "" }], false, false],
    ["the longest text", [long(500_000)], false, true],
    ["a longer one in two parts", [long(500_000), text], false, false],
  ])("reach the model unchanged or not: %s", (_, content, is_error, unchanged) => {
    const { content: calls } = answer;
    const message: Message = {
      role: "user",
      content: [{ type: "tool_result", tool_use_id: "callA", content, ...(is_error && { is_error }) }],
    };
    const found = resultsFor(["toolu_1"], { ...answer, content: calls.slice(0, 1) }, message);
    expect(found !== undefined).toBe(unchanged);
  });
});
