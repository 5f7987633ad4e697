/** What a client is told to do about a failure; which kind it is, turn.test.ts says. */

import { describe, expect, test } from "bun:test";
import { FailureSigns } from "../../../src/engine/claude/failures.ts";
import type { CliLine, ResultLine } from "../../../src/engine/claude/lines.ts";

const now = 1_795_222_500;
const result: ResultLine = { type: "result", is_error: true, result: "CLI words", terminal_reason: "api_error" };

const retry: CliLine = { type: "system", subtype: "api_retry", attempt: 1, error_status: 429 };
const streamed: CliLine = { type: "stream_event", event: { type: "message_start" }, parent_tool_use_id: null };
const limit = (info: object): CliLine => ({ type: "rate_limit_event", rate_limit_info: info });
const said = (api_error_status: number | null, more: object = {}): CliLine => ({
  type: "assistant",
  is_api_error_message: true,
  message: { model: "<synthetic>", content: [{ type: "text", text: "CLI words" }] },
  error: api_error_status === 429 ? "rate_limit" : "server_error",
  api_error_status,
  ...more,
});
const usedUp = said(429, { api_error: "usage_limit_reached" });

function advice(...lines: CliLine[]) {
  const signs = new FailureSigns();
  for (const line of lines) signs.take(line);
  const { kind, retryAfter, retryable } = signs.error(result, now * 1000);
  return { kind, retryAfter, retryable };
}

describe("a usage limit", () => {
  test.each([
    [0.2, 1, true],
    [59.5, 60, true],
    [60.5, 61, false],
    [9_000, 9_000, false],
    [-5, 1, true],
    [10 ** 9, 2_147_483, false],
  ])("that ends in %p s", (seconds, retryAfter, retryable) => {
    const info = { status: "rejected", resetsAt: now + seconds };
    expect(advice(limit(info), usedUp)).toEqual({ kind: "rate_limit", retryAfter, retryable });
  });

  test.each([
    ["nothing at all", []],
    ["that credit is gone", [limit({ status: "rejected", overageDisabledReason: "out_of_credits" })]],
  ])("of whose end the CLI knows %s", (_, lines) => {
    expect(advice(...lines, usedUp)).toEqual({ kind: "rate_limit", retryAfter: undefined, retryable: false });
  });
});

describe("a limit of the moment", () => {
  const made = limit({ status: "rejected", isUsingOverage: false });

  test("does not last as long as the window that was told of before", () => {
    const before = limit({ status: "allowed", resetsAt: now + 9_000 });
    const expected = { kind: "rate_limit" as const, retryAfter: undefined, retryable: true };
    expect(advice(before, retry, retry, made, said(429))).toEqual(expected);
    expect(advice(before, retry, retry, said(429))).toEqual(expected);
  });

  test("at which the CLI gave up at once is not worth a retry", () => {
    expect(advice(made, said(429))).toEqual({ kind: "rate_limit", retryAfter: undefined, retryable: false });
  });
});

describe("trouble upstream", () => {
  test.each([500, 502, 503, 504, 529, 408])("%p is worth a retry where the CLI thought so too", (status) => {
    expect(advice(retry, said(status)).retryable).toBe(true);
    expect(advice(said(status)).retryable).toBe(false);
  });

  test("in the middle of a stream is worth one: there the CLI can't ask again", () => {
    expect(advice(streamed, said(529, { error: "unknown" }))).toMatchObject({ kind: "overloaded", retryable: true });
    expect(advice(streamed, said(null))).toMatchObject({ kind: "upstream", retryable: true });
  });

  test.each([400, 401, 402, 403, 404, 409, 413, 422])("%p is not, however often it was tried", (status) => {
    expect(advice(retry, retry, said(status)).retryable).toBe(false);
  });

  test.each([
    [429, 7_821, 8],
    [529, 30_400, 31],
    [503, 8_565, 9],
    // The CLI's own pace, of which the upstream said nothing.
    [529, 1_100, undefined],
    [429, "soon", undefined],
  ])("%p behind a wait of %p ms, which the CLI kept and its client is told", (status, retry_delay_ms, retryAfter) => {
    expect(advice({ ...retry, retry_delay_ms }, said(status))).toMatchObject({ retryAfter, retryable: true });
  });

  test("without a status nothing is known of the upstream's mind", () => {
    expect(advice(said(null))).toMatchObject({ kind: "upstream", retryable: true });
  });
});

describe("a login that is refused", () => {
  const refused = (text: string) =>
    said(403, { error: "authentication_failed", message: { model: "<synthetic>", content: [{ type: "text", text }] } });

  test("needs another, where the upstream has taken it back: that is no question of permissions", () => {
    const revoked = "Failed to authenticate: OAuth token revoked. Please log in again or contact your administrator.";
    expect(advice(refused(revoked)).kind).toBe("login_required");
    expect(advice(refused("Failed to authenticate. API Error: 403 Not for you.")).kind).toBe("permission");
  });
});
