/** Headers on their way through: those of one connection end with it (RFC 9110, 7.6.1), and some are only ours. */

import { credentialHeaders } from "./credentials.ts";

const ofConnection = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

const neverSent = [
  ...ofConnection,
  ...credentialHeaders,
  "host",
  "content-length",
  // The answer must be readable on its way, and a connection on this machine gains nothing by compression.
  "accept-encoding",
  "expect",
  "user-agent",
  // What a browser says of the page, and where the request comes from.
  "cookie",
  "origin",
  "referer",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-real-ip",
];

const neverAnswered = [
  ...ofConnection,
  // Of the upstream's own name and connection, not of ours.
  "set-cookie",
  "alt-svc",
  "strict-transport-security",
];

/** The headers of a client's request as the upstream gets them, still without credentials. */
export function toUpstream(client: Headers): Headers {
  const headers = new Headers(client);
  for (const name of neverSent) headers.delete(name);
  for (const name of client.keys()) if (name.startsWith("sec-")) headers.delete(name);
  headers.set("accept-encoding", "identity");
  return headers;
}

/** The headers of the upstream's answer as the client gets them. */
export function toClient(upstream: Headers): Headers {
  const headers = new Headers(upstream);
  for (const name of neverAnswered) headers.delete(name);
  for (const name of upstream.keys()) if (name.startsWith("access-control-")) headers.delete(name);
  return headers;
}

/** What an answer tells of the limits of a key. */
export function rateLimitHeaders(upstream: Headers): Record<string, string> {
  return Object.fromEntries([...upstream].filter(([name]) => name.startsWith("anthropic-ratelimit-")));
}
