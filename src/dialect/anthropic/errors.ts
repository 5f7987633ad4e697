import type { ErrorKind, ProxyError } from "../../error.ts";
import type { ErrorAnswer } from "../dialect.ts";

/** `error.type` of the Messages API (api-dialects 1.5). */
const types = {
  invalid_request: "invalid_request_error",
  authentication: "authentication_error",
  login_required: "authentication_error",
  billing: "billing_error",
  permission: "permission_error",
  not_found: "not_found_error",
  too_large: "request_too_large",
  rate_limit: "rate_limit_error",
  overloaded: "overloaded_error",
  timeout: "timeout_error",
  upstream: "api_error",
  canceled: "api_error",
  bug: "api_error",
} as const satisfies Record<ErrorKind, string>;

/** The inner object, which a stream that fails late carries too. */
export function errorObject(error: ProxyError) {
  const details = error.code === undefined ? {} : { details: { error_code: error.code } };
  return { type: types[error.kind], message: error.message, ...details };
}

/** An error as the Messages API answers it; `requestId` is that of the `request-id` header. */
export function encodeError(error: ProxyError, requestId: string) {
  const body = { type: "error" as const, error: errorObject(error), request_id: requestId };
  return { status: error.status, body } satisfies ErrorAnswer;
}
