import { describe, expect, test } from "bun:test";
import { openEcho } from "../../src/engine/echo/echo.ts";
import { ProxyError } from "../../src/error.ts";
import { collect } from "../../src/messages/collect.ts";
import type { ContentBlock, MessagesRequest } from "../../src/messages/types.ts";
import { caller } from "../support/caller.ts";
import { flat } from "../support/flat.ts";

const engine = openEcho();

const asking = (...content: ContentBlock[]): MessagesRequest => ({
  model: "anything",
  system: [{ type: "text", text: "Be brief." }],
  messages: [
    { role: "user", content: [{ type: "text", text: "one two" }] },
    { role: "assistant", content: [{ type: "text", text: "three" }] },
    { role: "user", content },
  ],
});

const run = (request: MessagesRequest, signal?: AbortSignal) => engine.run(request, caller(signal));

describe("answers", () => {
  test("with the text of the last user message, and counts words", async () => {
    const text = "  Hello, wide\n world 😀 ";
    const message = await collect(run(asking({ type: "text", text })));
    expect(message).toMatchObject({
      model: "echo-1",
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      stop_sequence: null,
      usage: { input_tokens: 9, output_tokens: 5 },
    });
    expect(message.id).toMatch(/^msg_01\w{22}$/);
  });

  test("word by word", async () => {
    const deltas: string[] = [];
    for await (const event of flat(run(asking({ type: "text", text: "a bc  d" })))) {
      if (event.type === "content_block_delta" && event.delta.type === "text_delta") deltas.push(event.delta.text);
    }
    expect(deltas).toEqual(["a ", "bc  ", "d"]);
  });

  test("with tool results and several texts, and with nothing where there is no text", async () => {
    const result: ContentBlock = { type: "tool_result", tool_use_id: "x", content: [{ type: "text", text: "r" }] };
    const image: ContentBlock = { type: "image", source: { type: "url", url: "https://x/y.png" } };
    expect((await collect(run(asking(result, { type: "text", text: "a" })))).content).toEqual([
      { type: "text", text: "r\na" },
    ]);
    expect((await collect(run(asking(image)))).content).toEqual([{ type: "text", text: "" }]);
  });

  test("each run anew", async () => {
    const turn = run(asking({ type: "text", text: "a" }));
    expect((await collect(turn)).content).toEqual((await collect(turn)).content);
    expect(turn).toMatchObject({ way: "echo", warnings: [] });
  });
});

describe("an aborted signal", () => {
  test("ends a turn before its first event", async () => {
    const events = run(asking(), AbortSignal.abort())[Symbol.asyncIterator]();
    expect(await events.next().catch((thrown: unknown) => thrown)).toMatchObject({ kind: "canceled" });
  });

  test("ends a turn in its middle, with the reason that was given", async () => {
    const controller = new AbortController();
    const events = flat(run(asking({ type: "text", text: "a b c" }), controller.signal));
    expect((await events.next()).value).toMatchObject({ type: "message_start" });
    const reason = new ProxyError("timeout", "Too slow.");
    controller.abort(reason);
    expect(await events.next().catch((thrown: unknown) => thrown)).toBe(reason);
  });
});

test("counts what an answer then says it cost", async () => {
  const request = asking({ type: "text", text: "four five" });
  const { usage } = await collect(run(request));
  const counted = await engine.count(request, caller());
  expect(counted).toEqual({ tokens: usage.input_tokens, way: "echo", warnings: [] });
});

test("has two models, and takes any name", async () => {
  expect((await engine.models()).map(({ id }) => id)).toEqual(["echo", "echo-1"]);
  expect(await engine.model("echo")).toMatchObject({ id: "echo", resolved: "echo-1" });
  expect(await engine.model("opus")).toMatchObject({ id: "opus", resolved: "echo-1" });
});

test("is healthy and closes", async () => {
  expect(await engine.health()).toEqual({ ok: true, engine: "echo", detail: {} });
  await engine.close();
});
