/** What clients send beside their requests: reports of use, and headers that tell of the machine or the session. */

/**
 * Routes of reports: Claude Code's own (events, metrics, feature flags by the traits of the machine), and those of
 * OpenTelemetry, Statsig, Datadog and Sentry. Feedback is none: a person sends it, and knows.
 */
const telemetry = [
  "/api/event_logging/.*",
  "/api/claude_code/(?:organizations/metrics_enabled|metrics)",
  "/api/eval(?:-authed)?/.*",
  "/api/frame/track",
  "/v1/(?:traces|metrics|logs)",
  "/v1/(?:rgstr|log_event|sdk_exception)",
  "/api/v2/(?:logs|rum)",
  String.raw`/api/\d+/(?:envelope|store)`,
];
const telemetryRoute = new RegExp(`^(?:${telemetry.join("|")})/?$`);

/** Claude Code, the SDKs, Codex, opencode and others tell of themselves and their session in headers of such names. */
const tellingHeader = new RegExp(
  [
    "^(?:x-stainless|x-claude|x-cc|x-ccr|x-codex|x-opencode|x-client|x-forwarded|sec)-",
    "session|thread-id|conversation|device|machine|install|hostname|affinity|telemetry",
    "^(?:user-agent|x-app|originator|accept-language|cookie|forwarded|via|referer|http-referer|x-title|origin)$",
    "^(?:traceparent|tracestate|baggage|x-request-id|x-real-ip|x-organization-uuid)$",
  ].join("|"),
);

/** Whether a path is one of a client's telemetry, which is answered 204 here, and forwarded to nobody. */
export function isTelemetry(pathname: string): boolean {
  return telemetryRoute.test(pathname);
}

/** Whether a request header, its name in lower case, tells of the client's machine or session; `--redact` leaves it out. */
export function tellsOfClient(header: string): boolean {
  return tellingHeader.test(header);
}
