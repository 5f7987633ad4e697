import { expect, test } from "bun:test";
import { composeHistory, embedSystem, systemText } from "../../../src/engine/claude/history.ts";
import type { Message } from "../../../src/messages/types.ts";

const cache_control = { type: "ephemeral" as const };
const messages: Message[] = [
  { role: "user", content: [{ type: "text", text: "a", cache_control }] },
  { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "f", input: {}, cache_control }] },
  {
    role: "user",
    content: [
      {
        type: "tool_result",
        tool_use_id: "toolu_1",
        content: [{ type: "text", text: "r", cache_control }],
        cache_control,
      },
      { type: "text", text: "b" },
    ],
  },
];

test("one mark of the cache, on the last user block, whatever the client marked", () => {
  const composed = composeHistory(messages);
  expect(JSON.stringify(composed).match(/cache_control/g)).toHaveLength(1);
  expect(composed[2]?.content[1]).toEqual({ type: "text", text: "b", cache_control });
  expect(messages[0]?.content[0]).toHaveProperty("cache_control");
});

test("the system prompt is one text", () => {
  expect(systemText([])).toBe("");
  expect(
    systemText([
      { type: "text", text: "a" },
      { type: "text", text: "b" },
    ]),
  ).toBe("a\n\nb");
});

test("an embedded system prompt stands before the first user text", () => {
  expect(embedSystem("S", messages)[0]?.content.map((block) => block.type === "text" && block.text)).toEqual([
    "<system>\nS\n</system>",
    "a",
  ]);
  expect(embedSystem("", messages)).toEqual(messages);
});
