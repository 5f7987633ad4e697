/** The upstream's error answers as ProxyErrors (api-dialects 1.5). Its own words are passed on. */

import { ProxyError } from "../../error.ts";
import { kindOf, patience } from "../error-kinds.ts";

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
