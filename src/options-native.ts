/** The options of native mode (design.md section 5). */

import type { Config } from "./config.ts";
import { duration, expectsTime, oneOf, onOff, secret, url } from "./option-values.ts";
import type { Option } from "./options.ts";

type Name =
  "upstream" | "apiKey" | "authToken" | "credentials" | "redact" | "fallback" | "connectTimeout" | "firstByteTimeout";

export const nativeOptions: { readonly [K in Name]: Option<Config[K]> } = {
  upstream: {
    flag: "upstream",
    description: "Native mode: the Messages API to pass requests on to, Anthropic's own or a gateway's",
    hint: "URL",
    expects: "an http or https address without user, query and fragment",
    schema: url,
    fallback: "https://api.anthropic.com",
    oldVariables: ["ANTHROPIC_BASE_URL"],
  },
  apiKey: {
    flag: "api-key",
    description: "Native mode: the API key; other users of this machine see flags in `ps`, not variables or files",
    hint: "KEY",
    expects: "a text (in quotes) of printable characters without spaces",
    schema: secret,
    secret: true,
    oldVariables: ["ANTHROPIC_API_KEY"],
  },
  authToken: {
    flag: "auth-token",
    description: "Native mode: a gateway's token, sent as `Authorization: Bearer`",
    hint: "TOKEN",
    expects: "a text (in quotes) of printable characters without spaces",
    schema: secret,
    secret: true,
    oldVariables: ["ANTHROPIC_AUTH_TOKEN"],
  },
  credentials: {
    flag: "credentials",
    description: "Native mode: whose credentials the upstream gets: own (the two above) or client (each request's own)",
    hint: "WHOSE",
    expects: "own or client",
    schema: oneOf("own", "client"),
    fallback: "own",
  },
  redact: {
    flag: "redact",
    description: "Native mode: keep what tells of this machine and its user from the upstream",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
  fallback: {
    flag: "fallback",
    description: "What serves a request that Claude Code refuses for its login or a used-up limit: none or native",
    hint: "MODE",
    expects: "none or native",
    schema: oneOf("none", "native"),
    fallback: "none",
  },
  connectTimeout: {
    flag: "connect-timeout",
    description: "Native mode: how long a connection to the upstream may take",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "10s",
  },
  firstByteTimeout: {
    flag: "first-byte-timeout",
    description: "Native mode: how long the upstream may take to begin its answer",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "10m",
  },
};
