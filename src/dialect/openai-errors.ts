import type { ErrorKind, ProxyError } from "../error.ts";
import type { ErrorAnswer } from "./dialect.ts";

/** `error.type` of the OpenAI APIs, and the `code` of errors that bring none (api-dialects 2.4). */
const types = {
  invalid_request: { type: "invalid_request_error", code: null },
  authentication: { type: "invalid_request_error", code: "invalid_api_key" },
  login_required: { type: "authentication_error", code: "login_required" },
  billing: { type: "insufficient_quota", code: "insufficient_quota" },
  permission: { type: "permission_error", code: null },
  not_found: { type: "invalid_request_error", code: null },
  too_large: { type: "invalid_request_error", code: null },
  rate_limit: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  overloaded: { type: "service_unavailable_error", code: null },
  timeout: { type: "server_error", code: "timeout" },
  upstream: { type: "server_error", code: null },
  canceled: { type: "server_error", code: "canceled" },
  bug: { type: "server_error", code: null },
} as const satisfies Record<ErrorKind, { type: string; code: string | null }>;

/** The inner object, which a stream that fails late carries too. All four keys are there, always. */
export function errorObject(error: ProxyError) {
  const { type, code } = types[error.kind];
  return { message: error.message, type, param: error.param ?? null, code: error.code ?? code };
}

/** An error as the OpenAI APIs answer it. They have no 529; the request's id travels in a header alone. */
export function encodeError(error: ProxyError) {
  const status = error.status === 529 ? 503 : error.status;
  return { status, body: { error: errorObject(error) } } satisfies ErrorAnswer;
}
