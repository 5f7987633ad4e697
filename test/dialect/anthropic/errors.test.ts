import { expect, test } from "bun:test";
import Anthropic, { BadRequestError, RateLimitError } from "@anthropic-ai/sdk";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { type ErrorKind, errorTable, ProxyError } from "../../../src/error.ts";

test.each<[ErrorKind, number, string]>([
  ["invalid_request", 400, "invalid_request_error"],
  ["authentication", 401, "authentication_error"],
  ["login_required", 401, "authentication_error"],
  ["billing", 402, "billing_error"],
  ["permission", 403, "permission_error"],
  ["not_found", 404, "not_found_error"],
  ["too_large", 413, "request_too_large"],
  ["rate_limit", 429, "rate_limit_error"],
  ["canceled", 499, "api_error"],
  ["bug", 500, "api_error"],
  ["upstream", 502, "api_error"],
  ["timeout", 504, "timeout_error"],
  ["overloaded", 529, "overloaded_error"],
])("%s is %d %s", (kind, status, type) => {
  expect(anthropic.encodeError(new ProxyError(kind, "Why."), "req_1")).toEqual({
    status,
    body: { type: "error", error: { type, message: "Why." }, request_id: "req_1" },
  });
});

test("the table above is complete", () => expect(Object.keys(errorTable)).toHaveLength(13));

test("another status keeps the type of its kind", () => {
  const { status, body } = anthropic.encodeError(new ProxyError("invalid_request", "No.", { status: 405 }), "req_1");
  expect(status).toBe(405);
  expect(body).toMatchObject({ error: { type: "invalid_request_error" } });
});

test.each([
  ["invalid_request", BadRequestError, "invalid_request_error"],
  ["rate_limit", RateLimitError, "rate_limit_error"],
] as const)("the official SDK knows %s", async (kind, errorClass, type) => {
  const { status, body } = anthropic.encodeError(new ProxyError(kind, "Why."), "req_1");
  const client = new Anthropic({ apiKey: "k", maxRetries: 0, fetch: async () => Response.json(body, { status }) });
  const error = await client.models.retrieve("m").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(errorClass);
  expect(error).toMatchObject({ status, type });
});
