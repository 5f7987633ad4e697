import { expect, test } from "bun:test";
import OpenAI, { BadRequestError } from "openai";
import { chat } from "../../../src/dialect/chat/index.ts";
import { type ErrorKind, errorTable, ProxyError } from "../../../src/error.ts";
import type { Model } from "../../../src/messages/types.ts";

test.each<[ErrorKind, number, string, string | null]>([
  ["invalid_request", 400, "invalid_request_error", null],
  ["authentication", 401, "invalid_request_error", "invalid_api_key"],
  ["login_required", 401, "authentication_error", "login_required"],
  ["billing", 402, "insufficient_quota", "insufficient_quota"],
  ["permission", 403, "permission_error", null],
  ["not_found", 404, "invalid_request_error", null],
  ["too_large", 413, "invalid_request_error", null],
  ["rate_limit", 429, "rate_limit_error", "rate_limit_exceeded"],
  ["canceled", 499, "server_error", "canceled"],
  ["bug", 500, "server_error", null],
  ["upstream", 502, "server_error", null],
  ["timeout", 504, "server_error", "timeout"],
  ["overloaded", 503, "service_unavailable_error", null],
])("%s is %d %s %s", (kind, status, type, code) => {
  expect(chat.encodeError(new ProxyError(kind, "Why."), "req_1")).toEqual({
    status,
    body: { error: { message: "Why.", type, param: null, code } },
  });
});

test("the table above is complete", () => expect(Object.keys(errorTable)).toHaveLength(13));

test("the official SDK reads type, param and code", async () => {
  const refusal = new ProxyError("invalid_request", "Why.", { param: "messages.0", code: "invalid_value" });
  const { status, body } = chat.encodeError(refusal, "req_1");
  const client = new OpenAI({ apiKey: "k", maxRetries: 0, fetch: async () => Response.json(body, { status }) });
  const error = await client.models.retrieve("m").catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({ type: "invalid_request_error", param: "messages.0", code: "invalid_value" });
});

test("the official SDK lists the models", async () => {
  const models: Model[] = ["a", "b"].map((id) => ({ id, display_name: id, resolved: id, created: 7 }));
  const listed = chat.encodeModels(models, new URLSearchParams());
  const client = new OpenAI({ apiKey: "k", maxRetries: 0, fetch: async () => Response.json(listed) });
  expect((await client.models.list()).data).toEqual([
    { id: "a", object: "model", created: 7, owned_by: "anthropic" },
    { id: "b", object: "model", created: 7, owned_by: "anthropic" },
  ]);
});
