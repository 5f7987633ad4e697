import { describe, expect, test } from "bun:test";
import { resultsFor } from "../../../src/engine/claude/tools.ts";
import type { Message } from "../../../src/messages/types.ts";

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
});
