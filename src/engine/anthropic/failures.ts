/** The upstream's error answers as ProxyErrors (api-dialects 1.5). Its own words are passed on. */

import { type ErrorKind, ProxyError } from "../../error.ts";

/** A wait that a client's SDK may sleep through; beyond it a retry only hides the reason (seconds). */
const patience = 60;

/** The most that is read of an error (bytes). */
const most = 64 * 1024;

/** Reads the answer of a request that failed. */
export async function toFailure(response: Response): Promise<ProxyError> {
  const { type, message } = read(await beginningOf(response));
  return failure(type, message || `The upstream answered ${response.status}.`, response);
}

/** The error of an `error` event in the middle of a stream. */
export function streamFailure(data: unknown): ProxyError {
  const { type, message } = read(data);
  return failure(type, message || "The upstream broke off the answer.", undefined);
}

function failure(type: string | undefined, message: string, response: Response | undefined): ProxyError {
  const status = response?.status;
  const kind = kindOf(status, type);
  const retryAfter = seconds(response?.headers.get("retry-after"));
  const told = response?.headers.get("x-should-retry");
  const hopeless = told === "false" || (retryAfter !== undefined && retryAfter > patience);
  return new ProxyError(kind, message, {
    ...(kind === "upstream" && status !== undefined && status >= 500 && { status }),
    ...(/prompt is too long|context (window|length)/i.test(message) && { code: "context_length_exceeded" }),
    ...(kind === "not_found" && /model/i.test(message) && { code: "model_not_found" }),
    retryAfter,
    ...(hopeless ? { retryable: false } : told === "true" ? { retryable: true } : {}),
  });
}

function kindOf(status: number | undefined, type: string | undefined): ErrorKind {
  const byType = kinds.get(type ?? "");
  if (status === undefined) return byType ?? "upstream";
  return statuses.get(status) ?? (status >= 400 && status < 500 ? (byType ?? "invalid_request") : "upstream");
}

const statuses = new Map<number, ErrorKind>([
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

const kinds = new Map<string, ErrorKind>([
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

function read(body: unknown): { type?: string | undefined; message?: string | undefined } {
  const { error } = (typeof body === "object" && body !== null ? body : {}) as { error?: unknown };
  if (typeof error === "string") return { message: error };
  const { type, message } = (typeof error === "object" && error !== null ? error : {}) as Record<string, unknown>;
  return {
    type: typeof type === "string" ? type : undefined,
    message: typeof message === "string" ? message : undefined,
  };
}

async function beginningOf(response: Response): Promise<unknown> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > most) break;
  }
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `retry-after` in seconds; undefined where it is absent, a date, or nonsense. */
function seconds(header: string | null | undefined): number | undefined {
  return header !== null && header !== undefined && /^\d{1,7}(\.\d+)?$/.test(header)
    ? Math.ceil(Number(header))
    : undefined;
}
