/**
 * Everything that can go wrong with a request, as a closed set of kinds. Status, retryability and log level are tables
 * over the kind; the envelope is the dialect's.
 */

export type ErrorKind =
  | "invalid_request"
  | "authentication"
  | "permission"
  | "not_found"
  | "too_large"
  | "rate_limit"
  | "overloaded"
  | "login_required"
  | "billing"
  | "upstream"
  | "timeout"
  | "canceled"
  | "bug";

interface Verdict {
  /** HTTP status; OpenAI dialects answer 529 as 503. */
  status: number;
  /** Whether the same request may succeed if it is sent again soon: becomes `x-should-retry`. */
  retryable: boolean;
  level: "debug" | "info" | "warn" | "error";
}

export const errorTable: Readonly<Record<ErrorKind, Verdict>> = {
  invalid_request: { status: 400, retryable: false, level: "info" },
  authentication: { status: 401, retryable: false, level: "warn" },
  login_required: { status: 401, retryable: false, level: "error" },
  billing: { status: 402, retryable: false, level: "error" },
  permission: { status: 403, retryable: false, level: "warn" },
  not_found: { status: 404, retryable: false, level: "info" },
  too_large: { status: 413, retryable: false, level: "info" },
  rate_limit: { status: 429, retryable: true, level: "warn" },
  canceled: { status: 499, retryable: false, level: "debug" },
  bug: { status: 500, retryable: false, level: "error" },
  upstream: { status: 502, retryable: true, level: "error" },
  timeout: { status: 504, retryable: true, level: "error" },
  overloaded: { status: 529, retryable: true, level: "warn" },
};

export interface ErrorDetails {
  /** The request field at fault, as a path in the client's own spelling: `messages.0.role`. */
  param?: string | undefined;
  /** A machine-readable code of the OpenAI APIs, such as `model_not_found`. */
  code?: string | undefined;
  /** Another status of the same kind: 405 and 415 are `invalid_request`. */
  status?: number | undefined;
  /** Seconds to wait before another try. */
  retryAfter?: number | undefined;
  /** The part of the message that may repeat a prompt: what a parser or a program that died has said of its input. */
  quoted?: string | undefined;
  /** Overrides the table: a usage limit that resets in hours is not worth a retry. */
  retryable?: boolean | undefined;
  cause?: unknown;
}

/** A failure that a client is told about. The message is one sentence that says what to do, where something can be done. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly kind: ErrorKind;
  readonly status: number;
  readonly retryable: boolean;
  readonly param: string | undefined;
  readonly code: string | undefined;
  readonly retryAfter: number | undefined;
  readonly quoted: string | undefined;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.status = details.status ?? errorTable[kind].status;
    this.retryable = details.retryable ?? errorTable[kind].retryable;
    this.param = details.param;
    this.code = details.code;
    this.retryAfter = details.retryAfter;
    this.quoted = details.quoted;
  }

  /** The message without what it quotes: for a log, which holds no prompts. */
  get plain(): string {
    return this.quoted ? this.message.replace(this.quoted, "…") : this.message;
  }

  /** The same failure, of a request that must not be sent again: what it did would be done twice. */
  final(): ProxyError {
    return new ProxyError(this.kind, this.message, { ...this, retryable: false, cause: this.cause });
  }
}

/** Any thrown value as a ProxyError; what nobody foresaw is a `bug`, whose text stays in the log. */
export function toProxyError(thrown: unknown): ProxyError {
  if (thrown instanceof ProxyError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError") {
    return new ProxyError("canceled", "The request was canceled.", { cause: thrown });
  }
  return new ProxyError("bug", "Sluice failed on this request; its log says more.", { cause: thrown });
}

/** Why Sluice did not start, or a command could not do what it is for, as an exit code. 1 is left to bugs. */
export const exitCodes = {
  usage: 2,
  claude_not_found: 3,
  claude_not_executable: 4,
  not_logged_in: 5,
  port_taken: 6,
  claude_broken: 7,
  problem_found: 8,
  service_failed: 9,
} as const;

/** A failure at start that the person at the terminal can mend: one sentence, no stack. */
export class StartError extends Error {
  override readonly name = "StartError";
  readonly exitCode: number;

  constructor(reason: keyof typeof exitCodes, message: string) {
    super(message);
    this.exitCode = exitCodes[reason];
  }
}
