/** What the API's refusals are to Sluice (api-dialects 1.5): by their status, and by their type where there is none. */

import type { ErrorKind } from "../error.ts";

/** A wait that a client's SDK may sleep through; beyond it a retry only hides the reason (seconds). */
export const patience = 60;

/** By the status; by the API's name for the error where a stream had begun, and so had its status. */
export function kindOf(status: number | undefined, type: string | undefined): ErrorKind {
  const byType = kindOfType.get(type ?? "");
  if (status === undefined) return byType ?? "upstream";
  return kindOfStatus.get(status) ?? (status >= 400 && status < 500 ? (byType ?? "invalid_request") : "upstream");
}

const kindOfStatus = new Map<number, ErrorKind>([
  [401, "authentication"],
  [402, "billing"],
  [403, "permission"],
  [404, "not_found"],
  [408, "timeout"],
  [413, "too_large"],
  [429, "rate_limit"],
  [504, "timeout"],
  [529, "overloaded"],
]);

const kindOfType = new Map<string, ErrorKind>([
  ["invalid_request_error", "invalid_request"],
  ["authentication_error", "authentication"],
  ["billing_error", "billing"],
  ["permission_error", "permission"],
  ["not_found_error", "not_found"],
  ["request_too_large", "too_large"],
  ["rate_limit_error", "rate_limit"],
  ["timeout_error", "timeout"],
  ["overloaded_error", "overloaded"],
]);
