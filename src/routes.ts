import { anthropic } from "./dialect/anthropic/index.ts";
import { chat } from "./dialect/chat/index.ts";
import type { Dialect } from "./dialect/dialect.ts";

/** What is behind a path. */
export type Endpoint = "answer" | "models" | "model" | "health";

export interface Route {
  /** Whose envelope errors have on this path, whatever goes wrong. */
  dialect: Dialect;
  /** Undefined where nothing is. */
  endpoint: Endpoint | undefined;
  method: "GET" | "POST";
  /** The model that the path names. */
  model?: string;
}

/** The route of a path, with or without its `/v1` and a slash at the end. */
export function findRoute(pathname: string, headers: Headers): Route {
  const path = pathname.replace(/^\/v1(?=\/)/, "").replace(/(?<=.)\/+$/, "");
  // The two APIs share these paths; only Anthropic's clients name a version.
  const shared = headers.has("anthropic-version") ? anthropic : chat;
  switch (path) {
    case "/messages":
      return { dialect: anthropic, endpoint: "answer", method: "POST" };
    case "/chat/completions":
      return { dialect: chat, endpoint: "answer", method: "POST" };
    case "/models":
      return { dialect: shared, endpoint: "models", method: "GET" };
    case "/health":
      return { dialect: shared, endpoint: "health", method: "GET" };
  }
  if (path.startsWith("/models/")) {
    return { dialect: shared, endpoint: "model", method: "GET", model: decode(path.slice("/models/".length)) };
  }
  return { dialect: path.startsWith("/messages/") ? anthropic : shared, endpoint: undefined, method: "GET" };
}

/** A path segment that is not valid percent-encoding stands for itself. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
