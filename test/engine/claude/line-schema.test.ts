import { describe, expect, test } from "bun:test";
import { readLine } from "../../../src/engine/claude/line-schema.ts";
import { ProxyError } from "../../../src/error.ts";
import { failureOf } from "../../support/failure.ts";

const streamed = (event: unknown) => ({ type: "stream_event", event, parent_tool_use_id: null });

describe("an event of the upstream", () => {
  test.each<[string, object]>([
    ["of ours", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "a" } }],
    ["with a field that is newer than ours", { type: "content_block_stop", index: 0, new: { a: 1 } }],
    ["of a newer type", { type: "vendor_event", index: "?" }],
    ["with a block of a newer type", { type: "content_block_start", index: 0, content_block: { type: "new", id: 7 } }],
    ["with a delta of a newer type", { type: "content_block_delta", index: 0, delta: { type: "new", text: 7 } }],
  ])("%s passes as it is", (_, event) => {
    expect(readLine(streamed(event))).toEqual(streamed(event));
    expect(JSON.stringify(readLine(streamed(event)))).toBe(JSON.stringify(streamed(event)));
  });

  test.each<[string, object]>([
    ["content_block_start without a valid content_block", { type: "content_block_start", index: 0 }],
    ["content_block_start without a valid index", { type: "content_block_start", index: "0" }],
    ["content_block_delta without a valid delta", { type: "content_block_delta", index: 0, delta: { text: "a" } }],
    [
      "content_block_delta without a valid delta",
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 5 } },
    ],
    ["message_start without a valid message", { type: "message_start", message: "m" }],
    ["message_delta without a valid delta", { type: "message_delta", delta: null }],
  ])("%s is the upstream's fault", async (what, event) => {
    const failure = await failureOf(Promise.try(() => readLine(streamed(event))));
    expect(failure).toBeInstanceOf(ProxyError);
    const message = `The answer's event stream is broken: ${what}`;
    expect(failure).toMatchObject({ kind: "upstream", message: expect.stringContaining(message) });
  });

  test("that leaves out what begins empty has it empty", () => {
    const block = { type: "tool_use", id: "toolu_1", name: "f" };
    const start = { type: "content_block_start", index: 0, content_block: block };
    expect(readLine(streamed(start))).toMatchObject({ event: { content_block: { ...block, input: {} } } });
    expect(readLine(streamed({ type: "message_start", message: { id: "msg_1" } }))).toMatchObject({
      event: { message: { id: "msg_1", content: [], stop_reason: null, stop_sequence: null } },
    });
  });

  test("counts only with what is a count", () => {
    const usage = { input_tokens: 5, output_tokens: "7", cache_creation: [], new: 1 };
    const message = { id: "msg_1", stop_reason: 7, usage };
    expect(readLine(streamed({ type: "message_start", message }))).toMatchObject({
      event: {
        message: {
          id: "msg_1",
          role: "assistant",
          stop_reason: null,
          usage: { input_tokens: 5, cache_creation: null, new: 1 },
        },
      },
    });
  });
});

test("a result of wrong types is a failed one that says nothing", () => {
  const line = { type: "result", is_error: "no", result: {}, errors: "x", permission_denials: [null], usage: 7 };
  expect(readLine(line)).toEqual({ type: "result", is_error: true });
});

test("a failure's status is one that an answer can have", () => {
  const line = { type: "assistant", is_api_error_message: true, api_error_status: 99_999, message: null };
  expect(readLine(line)).toMatchObject({ api_error_status: null, message: { content: [] } });
});

test("what is no line, or has nothing in it, is passed over", () => {
  const values = [null, 7, [], "x", {}, { type: 5 }, streamed(null), { type: "control_response" }, { type: "user" }];
  expect(values.map(readLine)).toEqual(values.map(() => undefined));
});
