/** What the CLI says when a turn fails, as a ProxyError. Its own words are passed on; the kind comes from its fields. */

import { type ErrorDetails, type ErrorKind, ProxyError } from "../../error.ts";
import type { FailureLine, RateLimitLine, ResultLine } from "./lines.ts";

/** A wait that a client's SDK may sleep through; beyond it a retry only hides the reason (seconds). */
const patience = 60;

export interface Failure {
  line?: FailureLine | undefined;
  result?: ResultLine | undefined;
  rateLimit?: RateLimitLine["rate_limit_info"] | undefined;
}

/** The error of a failed turn. `now` is in milliseconds since 1970. */
export function toFailure({ line, result, rateLimit }: Failure, now: number): ProxyError {
  const status = line?.api_error_status ?? undefined;
  const words = line?.message.content.map((block) => block.text ?? "").join("") || result?.result || "";
  const message =
    words || result?.errors?.join("; ") || "Claude Code ended the turn without an answer and gave no reason.";

  if (result?.terminal_reason === "prompt_too_long" || result?.terminal_reason === "blocking_limit") {
    return new ProxyError("invalid_request", message, { code: "context_length_exceeded" });
  }
  switch (line?.error) {
    case "authentication_failed":
      if (status === 403) return new ProxyError("permission", message);
      return new ProxyError("login_required", loginAdvice(message, status));
    case "billing_error":
      return new ProxyError("billing", message);
    case "model_not_found":
      return new ProxyError("not_found", message, { code: "model_not_found" });
    case "rate_limit":
      return new ProxyError("rate_limit", message, waitingTime(rateLimit, now));
  }
  return new ProxyError(
    kindOfStatus(status),
    message,
    status !== undefined && status >= 500 && status !== 529 ? { status } : {},
  );
}

/** Without a status nothing was sent: the CLI has no credentials at all. */
function loginAdvice(message: string, status: number | undefined): string {
  return status === undefined
    ? `Claude Code is not logged in: run \`claude auth login\`. (It said: ${message})`
    : `Claude Code could not authenticate: run \`claude auth login\`, or mend its API key. (It said: ${message})`;
}

/** How long a used-up limit lasts. A long wait is not worth a retry: some SDKs would sleep through it. */
function waitingTime(rateLimit: Failure["rateLimit"], now: number): ErrorDetails {
  if (rateLimit?.resetsAt === undefined) return {};
  const retryAfter = Math.max(1, Math.ceil(rateLimit.resetsAt - now / 1000));
  return { retryAfter, retryable: retryAfter <= patience };
}

function kindOfStatus(status: number | undefined): ErrorKind {
  switch (status) {
    case 413:
      return "too_large";
    case 429:
      return "rate_limit";
    case 529:
      return "overloaded";
    case 404:
      return "not_found";
    default:
      return status !== undefined && status >= 400 && status < 500 ? "invalid_request" : "upstream";
  }
}
