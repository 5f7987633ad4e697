/** What a client sent, as it is kept and listed: every item is one of the API's own. */

import { expect, test } from "bun:test";
import { encodeInputItems, encodeStored, findResponse } from "../../../src/dialect/responses/stored.ts";
import { answer, text } from "../answers.ts";
import { sseOf } from "../serve.ts";
import { createMemory, remembering, withMemory } from "./memory.ts";

const none = new URLSearchParams();

/** The request, answered and stored. */
function ask(fields: object, query = "order=asc") {
  const memory = createMemory();
  const { encoder } = withMemory(memory).decode({ model: "opus", ...fields }, remembering());
  sseOf(encoder, { events: answer([text("a")], "end_turn") });
  const [id = ""] = memory.stored.keys();
  const stored = findResponse(memory, id);
  const page = encodeInputItems(stored, new URLSearchParams(query));
  return {
    page,
    items: page.data,
    response: encodeStored(stored, none),
  };
}

test("calls of tools that take a text are over, like all calls", () => {
  const { items } = ask({
    input: [
      { role: "user", content: "Go" },
      { type: "custom_tool_call", call_id: "c1", name: "patch", input: "x" },
      { type: "custom_tool_call_output", call_id: "c1", output: "done" },
    ],
  });
  expect(items.slice(1)).toMatchObject([
    { type: "custom_tool_call", status: "completed" },
    { type: "custom_tool_call_output", status: "completed" },
  ]);
});

test("a refusal is the model's own: who quotes it says a text", () => {
  const refusal = { type: "refusal", refusal: "No." };
  const { items } = ask({
    input: [
      { role: "assistant", content: [refusal] },
      { role: "user", content: [refusal, { type: "output_text", text: "Why?" }] },
      { type: "function_call", call_id: "c1", name: "f", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: [refusal] },
    ],
  });
  expect(items).toMatchObject([
    { role: "assistant", content: [refusal] },
    {
      role: "user",
      content: [
        { type: "input_text", text: "No." },
        { type: "input_text", text: "Why?" },
      ],
    },
    { type: "function_call" },
    { output: [{ type: "input_text", text: "No." }] },
  ]);
});

test("an image is looked at as closely as the model sees fit, where nothing is said", () => {
  const image = { type: "input_image", image_url: "https://a.example/b.png" };
  const { items } = ask({ input: [{ role: "user", content: [image, { ...image, detail: "low" }] }] });
  expect(items).toMatchObject([
    {
      content: [
        { ...image, detail: "auto" },
        { ...image, detail: "low" },
      ],
    },
  ]);
});

test.each([
  ["limit=1", true],
  ["limit=2", false],
  ["limit=3", false],
])("of two items the page of %s says whether there are more: %p", (query, has_more) => {
  const input = ["a", "b"].map((content) => ({ role: "user", content }));
  expect(ask({ input }, query).page).toMatchObject({ has_more });
});

test("a schema without a name gets one", () => {
  const format = { type: "json_schema", schema: { type: "object" } };
  expect(ask({ input: "Go", text: { format } }).response.text.format).toEqual({ ...format, name: "response" } as never);
  const named = { ...format, name: "mine" };
  expect(ask({ input: "Go", text: { format: named } }).response.text.format).toEqual(named as never);
});

test.each([
  [
    { role: "user", content: [{ type: "input_image", image_url: "http://x/", detail: "huge" }] },
    "input.0.content.0.detail",
  ],
  [{ type: "function_call_output", call_id: "c", output: [{ type: "input_audio" }] }, "input.0.output.0"],
  [
    { type: "function_call_output", call_id: "c", output: [{ type: "input_image", image_url: "http://:" }] },
    "input.0.output.0: the URL",
  ],
])("%j is refused where it stands", (item, path) => {
  expect(() => ask({ input: [item] })).toThrow(path);
});
