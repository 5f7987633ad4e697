/** Where the marks of the cache are, also for what only a fallback brings: requests of the Messages API itself. */

import { expect, test } from "bun:test";
import { compose } from "../../../src/engine/anthropic/compose.ts";
import type { CacheControl, ContentBlock, MessagesRequest, Tool } from "../../../src/messages/types.ts";

const model = { name: "sonnet", resolved: "claude-sonnet-5" };
const hour: CacheControl = { type: "ephemeral", ttl: "1h" };
const marks = (value: unknown) => JSON.stringify(value).match(/"cache_control":\{[^}]*\}/g) ?? [];
const words = (text: string, cache_control?: CacheControl): ContentBlock[] => [
  { type: "text", text, ...(cache_control && { cache_control }) },
];
const tool = (name: string, more: Partial<Tool> = {}): Tool => ({ name, input_schema: { type: "object" }, ...more });

const asking: MessagesRequest = {
  model: "sonnet",
  system: [{ type: "text", text: "Be kind." }],
  tools: [tool("look")],
  messages: [
    { role: "user", content: words("One") },
    { role: "assistant", content: words("Two") },
    { role: "user", content: words("Three") },
  ],
};

const marked: Record<string, Partial<MessagesRequest>> = {
  "the system prompt": { system: [{ type: "text", text: "Be kind.", cache_control: hour }] },
  "a message": { messages: [{ role: "user", content: words("One", hour) }, ...asking.messages.slice(1)] },
};

test.each(Object.entries(marked))("the client's own mark, at %s, stays, and is the only one", (_, part) => {
  expect(marks(compose({ ...asking, ...part }, model, 1000))).toEqual([`"cache_control":${JSON.stringify(hour)}`]);
});

test("a tool that is loaded when it is needed is not marked: it stands behind what is cached", () => {
  const tools = [tool("look"), tool("listen"), tool("rare", { defer_loading: true })];
  const composed = compose({ ...asking, tools }, model, 1000)["tools"] as Tool[];
  expect(composed.map((one) => marks(one).length)).toEqual([0, 1, 0]);
  const rare = tools.map((one) => ({ ...one, defer_loading: true }));
  expect(marks(compose({ ...asking, tools: rare }, model, 1000)["tools"])).toEqual([]);
});
