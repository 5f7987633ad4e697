import { describe, expect, test } from "bun:test";
import type { ProxyError } from "../../../src/error.ts";
import type { CliLine } from "../../../src/engine/claude/lines.ts";
import { toolNames } from "../../../src/engine/claude/names.ts";
import { type Step, Turn } from "../../../src/engine/claude/turn.ts";
import {
  blocks,
  eventsOf,
  messageOf,
  refusal,
  text,
  thinking,
  toolUse,
  type MessageReply,
} from "../../support/mock-replies.ts";

const now = Date.UTC(2026, 10, 21);

function linesOf(reply: MessageReply): CliLine[] {
  return eventsOf(messageOf(reply, "msg_1", "claude-sonnet-5-5"), 2)
    .filter((event) => event.type !== "ping")
    .map((event) => ({ type: "stream_event", event, parent_tool_use_id: null }));
}

function run(lines: CliLine[], turn = new Turn(toolNames(["f", "g"]), () => now)): Step[] {
  return lines.map((line) => turn.line(line));
}

function eventsIn(steps: Step[]): unknown[] {
  return steps.flatMap((step) => step.events);
}

function failureOf(lines: CliLine[]): ProxyError {
  try {
    run(lines);
  } catch (thrown) {
    return thrown as ProxyError;
  }
  throw new Error("The turn did not fail");
}

const apiRetry = { type: "system", subtype: "api_retry", attempt: 1, error_status: null };
const synthetic = (fields: object, words = "CLI words") => ({
  type: "assistant",
  is_api_error_message: true,
  message: { model: "<synthetic>", content: [{ type: "text", text: words }] },
  ...fields,
});
const failed = {
  type: "result",
  subtype: "success",
  is_error: true,
  result: "CLI words",
  terminal_reason: "api_error",
};

describe("an answer", () => {
  test.each([
    ["text", text("two words")],
    ["thinking", thinking("hm", "yes")],
    [
      "parallel calls",
      toolUse(
        [
          { name: "f", input: { a: 1 } },
          { name: "g", input: {} },
        ],
        { text: "now" },
      ),
    ],
    ["a stop sequence", text("cut", { stop_reason: "stop_sequence", stop_sequence: "X" })],
  ])("%s passes as it is, and ends at message_stop", (_, reply) => {
    const expected = eventsOf(messageOf(reply, "msg_1", "claude-sonnet-5-5"), 2).filter(({ type }) => type !== "ping");
    const steps = run(linesOf(reply));
    expect(eventsIn(steps)).toEqual(expected);
    expect(steps.map((step) => step.end).filter(Boolean)).toEqual(["answered"]);
    expect(steps.at(-1)?.end).toBe("answered");
  });

  test.each(["max_tokens", "model_context_window_exceeded", "pause_turn", "refusal", "a_reason_of_tomorrow"] as const)(
    "%s is whole at its message_delta, and overruns",
    (stop_reason) => {
      const reply = { ...text("cut of"), stop_reason: stop_reason as "max_tokens" };
      const lines = linesOf(reply).slice(0, -1);
      const steps = run(lines);
      expect(steps.at(-1)?.end).toBe("overrun");
      expect(eventsIn(steps).at(-1)).toEqual({ type: "message_stop" });
    },
  );

  test.each([
    ["nothing", blocks([])],
    ["an empty text", text("")],
    ["thinking alone", blocks([{ type: "thinking", thinking: "hm", signature: "s" }])],
  ])("%s is whole, and overruns: the CLI would ask for more", (_, reply) => {
    const steps = run(linesOf(reply).slice(0, -1));
    expect(steps.at(-1)?.end).toBe("overrun");
    expect(eventsIn(steps).at(-1)).toEqual({ type: "message_stop" });
  });

  test("a text is well-formed, however it was cut", () => {
    const [start, opened, ...rest] = linesOf(text("x"));
    const delta = (text: string): CliLine => ({
      type: "stream_event",
      event: { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
      parent_tool_use_id: null,
    });
    const steps = run([start, opened, delta("a\ud83d"), delta("\ude00\ud83d"), ...rest.slice(1)] as CliLine[]);
    const texts = eventsIn(steps).map((event) => (event as { delta?: { text?: string } }).delta?.text);
    expect(texts.filter((one) => one !== undefined)).toEqual(["a", "😀", "\ufffd"]);
  });

  test("an empty refusal has a start, a reason and a stop", () => {
    const steps = run(linesOf(refusal()).slice(0, -1));
    const types = eventsIn(steps).map((event) => (event as { type: string }).type);
    expect(types).toEqual(["message_start", "message_delta", "message_stop"]);
  });

  test("everything else that the CLI prints is passed over", () => {
    const noise: CliLine[] = [
      { type: "system", subtype: "init" },
      { type: "system", subtype: "thinking_tokens", estimated_tokens: 4 },
      { type: "assistant", message: { model: "claude-sonnet-5-5", content: [] } },
      { type: "user", message: {} },
      { type: "tool_progress" },
      { type: "tomorrow", data: 1 },
      { type: "stream_event", event: null },
      { type: "stream_event", event: { type: "tomorrow" }, parent_tool_use_id: null },
      { type: "stream_event", event: { type: "message_stop" }, parent_tool_use_id: "toolu_of_a_subagent" },
    ];
    const steps = run(linesOf(text("x")).flatMap((line) => [...noise, line]));
    expect(eventsIn(steps)).toEqual(eventsIn(run(linesOf(text("x")))));
  });
});

describe("a stream that breaks", () => {
  const [start, blockStart, delta] = linesOf(text("words"));
  const madeUp = [
    { type: "stream_event", event: { type: "content_block_stop", index: 0 }, parent_tool_use_id: null },
    { type: "stream_event", event: { type: "message_delta", delta: { stop_reason: null }, usage: {} } },
    { type: "stream_event", event: { type: "message_stop" }, parent_tool_use_id: null },
  ] as CliLine[];

  test("before a block: what the CLI tries again is the answer", () => {
    const steps = run([start as CliLine, apiRetry, ...linesOf(text("again"))]);
    expect(eventsIn(steps)).toEqual(eventsIn(run(linesOf(text("again")))));
  });

  test("after a block: a second try is a failure, whatever announces it", () => {
    const begun = [start, blockStart, delta] as CliLine[];
    expect(failureOf([...begun, apiRetry]).kind).toBe("upstream");
    expect(failureOf([...begun, ...madeUp, start as CliLine]).kind).toBe("upstream");
  });

  test("the message_stop that the CLI makes up is not the model's", () => {
    const said = synthetic({ error: "unknown", api_error_status: 529 });
    const steps = run([start, blockStart, delta, said, ...madeUp] as CliLine[]);
    expect(steps.map((step) => step.end).filter(Boolean)).toEqual([]);
    expect(eventsIn(steps)).not.toContainEqual({ type: "message_stop" });
  });

  test("after a block: a failure before the CLI can ask again, which would cost a second answer", () => {
    expect(failureOf([start, blockStart, delta, ...madeUp] as CliLine[]).kind).toBe("upstream");
  });
});

describe("a failure", () => {
  test.each([
    [{ error: "authentication_failed" }, "login_required", 401],
    [{ error: "authentication_failed", api_error_status: 401 }, "login_required", 401],
    [{ error: "authentication_failed", api_error_status: 403 }, "permission", 403],
    [{ error: "billing_error", api_error_status: 400 }, "billing", 402],
    [{ error: "model_not_found", api_error_status: 404 }, "not_found", 404],
    [{ error: "rate_limit", api_error_status: 429 }, "rate_limit", 429],
    [{ error: "unknown", api_error_status: 400 }, "invalid_request", 400],
    [{ error: "invalid_request", api_error_status: 413 }, "too_large", 413],
    [{ error: "server_error", api_error_status: 529 }, "overloaded", 529],
    [{ error: "server_error", api_error_status: 503 }, "upstream", 503],
    [{ error: "server_error", api_error_status: 504 }, "timeout", 504],
    [{ error: "of_tomorrow" }, "upstream", 502],
    // In the middle of a stream there is no status: the type alone says what went wrong.
    [{ error: "unknown", api_error_type: "invalid_request_error" }, "invalid_request", 400],
    [{ error: "unknown", api_error_type: "authentication_error" }, "login_required", 401],
    [{ error: "unknown", api_error_type: "billing_error" }, "billing", 402],
    [{ error: "unknown", api_error_type: "permission_error" }, "permission", 403],
    [{ error: "unknown", api_error_type: "not_found_error" }, "not_found", 404],
    [{ error: "unknown", api_error_type: "request_too_large" }, "too_large", 413],
    [{ error: "unknown", api_error_type: "rate_limit_error" }, "rate_limit", 429],
    [{ error: "unknown", api_error_type: "api_error" }, "upstream", 502],
    [{ error: "unknown", api_error_type: "timeout_error" }, "timeout", 504],
    [{ error: "unknown", api_error_type: "overloaded_error" }, "overloaded", 529],
    [{ error: "unknown", api_error_type: "error_of_tomorrow" }, "upstream", 502],
    [{ error: "unknown", api_error_status: 429, api_error_type: "error_of_tomorrow" }, "rate_limit", 429],
  ])("%p is %p", (fields, kind, status) => {
    const error = failureOf([synthetic(fields), failed]);
    expect([error.kind, error.status]).toEqual([kind as ProxyError["kind"], status]);
    expect(error.message).toContain("CLI words");
  });

  test("a prompt that is too long", () => {
    const error = failureOf([{ ...failed, terminal_reason: "prompt_too_long", result: "Prompt is too long" }]);
    expect([error.kind, error.code]).toEqual(["invalid_request", "context_length_exceeded"]);
  });

  test.each([
    [30, 30, true],
    [3600, 3600, false],
    [-5, 1, true],
  ])("a limit that resets in %p s", (seconds, retryAfter, retryable) => {
    const info = { status: "rejected", resetsAt: now / 1000 + seconds };
    const error = failureOf([
      { type: "rate_limit_event", rate_limit_info: info },
      synthetic({ error: "rate_limit", api_error_status: 429 }),
      failed,
    ]);
    expect([error.kind, error.retryAfter, error.retryable]).toEqual(["rate_limit", retryAfter, retryable]);
  });

  test("a result without an answer is never an empty answer", () => {
    const local = { type: "result", subtype: "success", is_error: false, result: "Blank prompt" };
    expect(failureOf([local]).message).toContain("Blank prompt");
    expect(failureOf([{ type: "result", is_error: true }]).message).toContain("no reason");
    expect(
      failureOf([{ type: "result", is_error: true, errors: ["Reached maximum number of turns (2)"] }]).message,
    ).toContain("maximum number of turns");
  });
});
