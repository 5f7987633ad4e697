/** What the CLI says when a turn fails, as a ProxyError. Its own words are passed on; the kind comes from its fields. */

import { type ErrorDetails, ProxyError } from "../../error.ts";
import { kindOf, patience } from "../error-kinds.ts";
import {
  type CliLine,
  type FailureLine,
  isFailure,
  isRateLimit,
  isRetry,
  isStreamEvent,
  type RateLimitLine,
  type ResultLine,
} from "./lines.ts";

/** More than a timer can hold (seconds). */
const longestWait = 2_147_483;

/** Longer than the CLI waits between its few tries unless the upstream asks for it (milliseconds). */
const ownWait = 5_000;

/** An upstream may say what it likes; a client is told no more of it (UTF-16 units). */
const longestMessage = 10_000;

/** What was heard of a failed turn, all but its result. */
export interface Signs {
  line?: FailureLine | undefined;
  rateLimit?: RateLimitLine["rate_limit_info"] | undefined;
  /** The CLI did not ask again: the upstream told it not to, or to wait for longer than it does. */
  hopeless?: boolean | undefined;
  /** How long the CLI waited before it asked again (milliseconds). */
  wait?: unknown;
}

/** Collects from the lines of a turn why it will have failed, if it does. */
export class FailureSigns {
  readonly #signs: Signs = {};
  #retried = false;
  #begun = false;

  /** The CLI's own text in place of an answer, once it was printed. */
  get line(): FailureLine | undefined {
    return this.#signs.line;
  }

  take(line: CliLine): void {
    if (isFailure(line)) this.#signs.line = line;
    else if (isRateLimit(line)) this.#signs.rateLimit = line.rate_limit_info;
    else if (isRetry(line)) {
      this.#retried = true;
      this.#signs.wait = line["retry_delay_ms"];
    } else if (isStreamEvent(line)) this.#begun = true;
  }

  /** The error, now that the CLI is done. `now` is in milliseconds since 1970. */
  error(result: ResultLine, now: number): ProxyError {
    return toFailure(result, now, { ...this.#signs, hopeless: !this.#retried && !this.#begun });
  }
}

/** The error of a failed turn. `now` is in milliseconds since 1970. */
export function toFailure(result: ResultLine, now: number, signs: Signs = {}): ProxyError {
  const { line, rateLimit, hopeless, wait } = signs;
  const status = line?.api_error_status ?? undefined;
  const words = line?.message.content.map((block) => block.text ?? "").join("") || result.result || "";
  const said = words || result.errors?.join("; ") || "Claude Code ended the turn without an answer and gave no reason.";
  const message = said.length > longestMessage ? `${said.slice(0, longestMessage)}…` : said;

  if (result.terminal_reason === "prompt_too_long" || result.terminal_reason === "blocking_limit") {
    return new ProxyError("invalid_request", message, { code: "context_length_exceeded" });
  }
  switch (line?.error) {
    case "authentication_failed":
      if (status === 403 && !/OAuth token revoked/.test(message)) return new ProxyError("permission", message);
      return new ProxyError("login_required", loginAdvice(message, status));
    case "billing_error":
      return new ProxyError("billing", message);
    case "model_not_found":
      return new ProxyError("not_found", message, { code: "model_not_found" });
  }
  const told = kindOf(status, line?.api_error_type);
  // Whose key it is knows Claude Code alone.
  const kind = told === "authentication" ? "login_required" : told;
  return new ProxyError(kind, message, {
    ...(kind === "upstream" && status !== undefined && { status }),
    ...(hopeless && status !== undefined && { retryable: false }),
    ...(typeof wait === "number" && wait > ownWait && { retryAfter: Math.ceil(wait / 1000) }),
    ...(kind === "rate_limit" && usageLimit(line, rateLimit, now)),
  });
}

/** Without a status nothing was sent: the CLI has no credentials at all. */
function loginAdvice(message: string, status: number | undefined): string {
  return status === undefined
    ? `Claude Code is not logged in: run \`claude auth login\`. (It said: ${message})`
    : `Claude Code could not authenticate: run \`claude auth login\`, or mend its API key. (It said: ${message})`;
}

/** How long a used-up limit lasts. A long wait is not worth a retry: some SDKs would sleep through it. */
function usageLimit(line: FailureLine | undefined, rateLimit: Signs["rateLimit"], now: number): ErrorDetails {
  if (rateLimit?.status !== "rejected" || typeof rateLimit.resetsAt !== "number")
    return line?.api_error === "usage_limit_reached" ? { retryable: false } : {};
  const seconds = Math.ceil(rateLimit.resetsAt - now / 1000);
  const retryAfter = Math.min(Math.max(1, seconds), longestWait);
  return { retryAfter, retryable: retryAfter <= patience };
}
