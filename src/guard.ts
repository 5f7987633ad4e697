/** Who may enter: Host, Origin, client key, content type, body size. Knows nothing of dialects. */

import crypto from "node:crypto";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { Config } from "./config.ts";
import { ProxyError } from "./error.ts";

export interface Guard {
  /** Throws a ProxyError unless the request may enter. Looks at its head only; `keyless` is for `/health`. */
  check(request: Request, options?: { keyless?: boolean }): void;
  /** Whether the request carries the client key, where one is set. */
  hasKey(request: Request): boolean;
  /** The answer to a CORS preflight, which carries no key; undefined for what is none. Throws as `check` does. */
  preflight(request: Request): Response | undefined;
  /** What an allowed web page must find in every answer, errors included, to be able to read it. */
  corsHeaders(request: Request): Record<string, string>;
}

type GuardConfig = Pick<Config, "host" | "clientKey" | "maxBody" | "allowedHosts" | "allowedOrigins">;

/** The checks that a configuration asks for. */
export function createGuard(config: GuardConfig): Guard {
  const isOurs = hostCheck(config);
  const origins = new Set(config.allowedOrigins);
  const keyHash = config.clientKey === undefined ? undefined : sha256(config.clientKey);

  const allowedOrigin = (request: Request) => {
    const origin = request.headers.get("origin");
    return origin !== null && origins.has(origin.toLowerCase()) ? origin : undefined;
  };

  // Nearly every request comes by the same name.
  let last: { header: string | null; host: string | undefined } = { header: null, host: undefined };
  const hostOf = (header: string | null) => {
    if (header !== last.header) last = { header, host: readHost(header) };
    return last.host;
  };

  function checkSender(request: Request): void {
    const host = hostOf(request.headers.get("host"));
    if (host === undefined) throw new ProxyError("invalid_request", "The Host header is missing or not valid.");
    if (!isOurs(host)) {
      throw new ProxyError(
        "permission",
        `This server does not go by the name ${host}: start it with --allow-host ${host} if it should.`,
      );
    }
    if (allowedOrigin(request) !== undefined) return;
    const origin = request.headers.get("origin");
    // Our own page: the name in it is the one that was just found to be ours.
    const own = origin !== null && /^https?:\/\/(.*)$/i.exec(origin)?.[1] === request.headers.get("host");
    if (origin !== null && !own) {
      throw new ProxyError("permission", "Web pages may not use this server: allow one with --allow-origin ORIGIN.");
    }
    // A page can send some requests without an Origin, such as that of an <img>.
    if (/^(cross|same)-site$/i.test(request.headers.get("sec-fetch-site") ?? "")) {
      throw new ProxyError("permission", "Requests that a web page of another site caused are refused.");
    }
  }

  /** Why the client key lets a request not in; undefined where it does. */
  function keyFault(headers: Headers): string | undefined {
    if (keyHash === undefined) return undefined;
    const bearer = /^bearer +(.*)$/i.exec(headers.get("authorization") ?? "")?.[1];
    const given = [bearer, headers.get("x-api-key")].filter((key) => typeof key === "string");
    if (given.length === 0) return "Send the client key as `Authorization: Bearer KEY` or `x-api-key: KEY`.";
    // Of equal length, as hashes are, two values can be compared without telling how much of them is right.
    if (given.some((key) => crypto.timingSafeEqual(sha256(key), keyHash))) return undefined;
    return "The client key is wrong: it is the one that Sluice was started with.";
  }

  function corsHeaders(request: Request): Record<string, string> {
    const origin = allowedOrigin(request);
    if (origin === undefined) return {};
    return {
      "access-control-allow-origin": origin,
      "access-control-expose-headers":
        "request-id, x-request-id, retry-after, x-should-retry, x-sluice-way, x-sluice-warning",
      vary: "origin",
    };
  }

  return {
    check(request, { keyless = false } = {}) {
      checkSender(request);
      const fault = keyless ? undefined : keyFault(request.headers);
      if (fault !== undefined) throw new ProxyError("authentication", fault);
      checkBody(request, config.maxBody);
    },

    hasKey: (request) => keyFault(request.headers) === undefined,

    preflight(request) {
      if (request.method !== "OPTIONS" || !request.headers.has("access-control-request-method")) return undefined;
      checkSender(request);
      return new Response(null, {
        status: 204,
        headers: {
          ...corsHeaders(request),
          "access-control-allow-methods": "GET, POST, DELETE",
          "access-control-allow-headers": request.headers.get("access-control-request-headers") ?? "",
          "access-control-allow-private-network": "true",
          "access-control-max-age": "600",
        },
      });
    },

    corsHeaders,
  };
}

/** Whether a request has a body. To ask for it makes a stream of it, which nearly none needs. */
export function hasBody(request: Request): boolean {
  const announced = request.method === "POST" && Number(request.headers.get("content-length")) > 0;
  return announced || request.body !== null;
}

/** The body as JSON. Reads no further than `maxBody` bytes; what the value must be is the dialect's business. */
export async function readBody(request: Request, maxBody: number, signal?: AbortSignal): Promise<unknown> {
  const text = decodeUtf8(await readBytes(request, maxBody, signal));
  if (text.trim() === "") throw new ProxyError("invalid_request", "The request body is empty: send a JSON object.");
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = String((error as Error).message).replace(/^JSON Parse error: /, "");
    const quoted = reason.slice(0, 200);
    throw new ProxyError("invalid_request", `The request body is not valid JSON: ${quoted}`, { quoted });
  }
}

/** The body as it came, uncompressed. Throws as `readBody` does. */
export async function readBytes(
  request: Request,
  maxBody: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const encoding = request.headers.get("content-encoding")?.trim().toLowerCase();
  if (encoding !== undefined && encoding !== "" && encoding !== "identity") {
    throw new ProxyError("invalid_request", "Send the request body uncompressed, without Content-Encoding.", {
      status: 415,
    });
  }
  // The head was checked: what says how long it is, is not too long.
  const announced = request.headers.has("content-length");
  try {
    const bytes = announced ? await request.bytes() : await readChunks(request, maxBody, signal);
    if (signal?.aborted) throw canceled();
    return bytes;
  } catch (error) {
    // Only the client can make a read fail, by going away.
    throw error instanceof ProxyError ? error : canceled(error);
  }
}

async function readChunks(
  request: Request,
  maxBody: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = request.body?.getReader();
  if (reader === undefined) return new Uint8Array();
  // A canceled reader answers the read that waits with the end of the stream.
  const cancel = () => void reader.cancel().catch(() => {});
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    if (signal?.aborted) cancel();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      size += next.value.byteLength;
      if (size > maxBody) throw tooLarge(maxBody);
      chunks.push(next.value);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    cancel();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ProxyError("invalid_request", "The request body is not valid UTF-8.");
  }
}

const json = /^application\/json *(;|$)/i;

/** No form can send JSON, so a page that is not allowed here cannot either, whatever its browser does. */
function checkBody(request: Request, maxBody: number): void {
  if (Number(request.headers.get("content-length")) > maxBody) throw tooLarge(maxBody);
  const isJson = json.test(request.headers.get("content-type") ?? "");
  if (request.method === "POST" && !isJson && hasBody(request)) {
    throw new ProxyError("invalid_request", "Send the body as `Content-Type: application/json`.", { status: 415 });
  }
}

/** The name in a Host header as URLs spell it, without the port; undefined when it is none. */
function readHost(header: string | null): string | undefined {
  if (header === null || !/^[\w.:[\]-]{1,260}$/.test(header) || !URL.canParse(`http://${header}`)) return undefined;
  return new URL(`http://${header}`).hostname.replace(/\.$/, "");
}

/** Whether we listen as a host. Without this a page whose name resolves to 127.0.0.1 could read our answers. */
function hostCheck({ host, allowedHosts }: GuardConfig): (host: string) => boolean {
  const everywhere = host === "0.0.0.0" || host === "::";
  const names = ["localhost", "127.0.0.1", "::1", host, ...allowedHosts, ...(everywhere ? [hostname()] : [])];
  const ours = new Set(names.map((name) => readHost(isIP(name) === 6 ? `[${name}]` : name)));
  return (asked) => ours.has(asked) || (everywhere && isIP(asked.replace(/^\[|\]$/g, "")) !== 0);
}

function sha256(text: string): Buffer {
  return crypto.createHash("sha256").update(text).digest();
}

function tooLarge(maxBody: number): ProxyError {
  return new ProxyError("too_large", `The request body is larger than ${maxBody} bytes; --max-body sets the limit.`);
}

function canceled(cause?: unknown): ProxyError {
  return new ProxyError("canceled", "The client went away before its request was complete.", { cause });
}
