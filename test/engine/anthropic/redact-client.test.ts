import { expect, test } from "bun:test";
import { isTelemetry, tellsOfClient } from "../../../src/engine/anthropic/redact-client.ts";

test.each([
  "/api/event_logging/batch",
  "/api/event_logging/v2/batch",
  "/api/claude_code/metrics",
  "/api/claude_code/organizations/metrics_enabled",
  "/api/eval/sdk-zAZezfDKGoZuXXKe",
  "/api/eval-authed/sdk-1",
  "/api/frame/track",
  "/v1/traces",
  "/v1/metrics",
  "/v1/logs",
  "/v1/rgstr",
  "/v1/log_event",
  "/api/v2/logs",
  "/api/v2/rum/",
  "/api/4504/envelope/",
])("%s is telemetry", (path) => {
  expect(isTelemetry(path)).toBe(true);
});

test.each([
  "/",
  "/v1/messages",
  "/v1/messages/count_tokens",
  "/v1/chat/completions",
  "/v1/responses",
  "/v1/responses/input_tokens",
  "/v1/models",
  "/v1/models/claude-opus-5-5",
  "/v1/files",
  "/v1/logs/1",
  "/health",
  "/metrics",
  "/api/hello",
  "/api/claude_cli_feedback",
  "/x/api/event_logging/batch",
  "/api/event_logging",
])("%s is none", (path) => {
  expect(isTelemetry(path)).toBe(false);
});

test.each([
  "x-claude-code-session-id",
  "x-stainless-os",
  "x-stainless-runtime-version",
  "x-app",
  "user-agent",
  "session-id",
  "session_id",
  "thread-id",
  "x-session-affinity",
  "x-codex-turn-metadata",
  "x-device-id",
  "originator",
  "accept-language",
  "x-forwarded-for",
  "traceparent",
])("the header %s tells of the client", (name) => {
  expect(tellsOfClient(name)).toBe(true);
});

test.each([
  "content-type",
  "accept",
  "authorization",
  "x-api-key",
  "anthropic-version",
  "anthropic-beta",
  "anthropic-dangerous-direct-browser-access",
  "idempotency-key",
  "cf-aig-authorization",
  "helicone-auth",
])("the header %s is the API's or a gateway's", (name) => {
  expect(tellsOfClient(name)).toBe(false);
});
