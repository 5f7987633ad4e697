import { expect, test } from "bun:test";
import { toFailure } from "../../../src/engine/anthropic/failures.ts";

const failureWith = (headers: Record<string, string>) =>
  toFailure(Response.json({ error: { type: "rate_limit_error", message: "Slowly" } }, { status: 429, headers }));

test.each([
  ["30", 30],
  ["1.2", 2],
  ["0", 0],
  ["Wed, 21 Oct 2026 07:28:00 GMT", undefined],
  ["-1", undefined],
  ["12345678", undefined],
])("retry-after: %s is a wait of %p seconds", async (header, retryAfter) => {
  expect(await failureWith({ "retry-after": header })).toMatchObject({ kind: "rate_limit", retryAfter });
});

test("without the header nothing is known of the wait", async () => {
  expect((await failureWith({})).retryAfter).toBeUndefined();
});
