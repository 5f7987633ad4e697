/** Headers on their way through: those of one connection end with it (RFC 9110, 7.6.1), and some are only ours. */

import { credentialHeaders } from "./credentials.ts";
import { tellsOfClient } from "./redact-client.ts";

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

/** What the API answers with. */
const ofTheApi = /^(application\/json|text\/event-stream)\b/;

/** Connections that name no headers of theirs: nearly all. */
const plain = /^(keep-alive|close)$/i;
const none: readonly string[] = [];

/** The headers of a client's request as the upstream gets them, still without credentials. */
export function toUpstream(client: Headers, redacted: boolean): Headers {
  const headers = new Headers(client);
  for (const name of namedBy(client)) headers.delete(name);
  if (redacted) for (const name of client.keys()) if (tellsOfClient(name)) headers.delete(name);
  for (const name of neverSent) headers.delete(name);
  // Of a browser alone.
  if (client.has("sec-fetch-mode")) for (const name of client.keys()) if (name.startsWith("sec-")) headers.delete(name);
  headers.set("accept-encoding", "identity");
  return headers;
}

/** Makes the headers of the upstream's answer those for the client. */
export function toClient(headers: Headers): Headers {
  for (const name of namedBy(headers)) headers.delete(name);
  for (const name of neverAnswered) headers.delete(name);
  if (headers.has("access-control-allow-origin")) {
    const names = [...headers.keys()];
    for (const name of names) if (name.startsWith("access-control-")) headers.delete(name);
  }
  // To a browser this is the address of Sluice's own page, and what an upstream makes of one would act in its name.
  if (!ofTheApi.test(headers.get("content-type") ?? "")) {
    headers.set("content-security-policy", "sandbox");
    headers.set("x-content-type-options", "nosniff");
  }
  headers.set("x-sluice-way", "native");
  return headers;
}

/** What is of this connection because its sender says so; what is no name of a header names none. */
function namedBy(headers: Headers): readonly string[] {
  const connection = headers.get("connection");
  if (connection === null || plain.test(connection)) return none;
  return connection.split(",").flatMap((name) => /[\w!#$%&'*+.^`|~-]+/.exec(name) ?? []);
}

/** What an answer tells of the limits of a key. */
export function rateLimitHeaders(upstream: Headers): Record<string, string> {
  const told: Record<string, string> = {};
  upstream.forEach((value, name) => {
    if (name.startsWith("anthropic-ratelimit-")) told[name] = value;
  });
  return told;
}
