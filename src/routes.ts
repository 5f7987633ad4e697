import { anthropic } from "./dialect/anthropic/index.ts";
import { chat } from "./dialect/chat/index.ts";
import type { Dialect } from "./dialect/dialect.ts";
import { responses } from "./dialect/responses/index.ts";

/** What is behind a path. */
export type Endpoint = "answer" | "count" | "models" | "model" | "health" | "metrics" | StorageEndpoint | PageEndpoint;

/** What the Responses API has beside answers. */
export type StorageEndpoint = "response" | "input_items" | "cancel" | "compact";

/** What the page at `/` has: itself and its parts, what it shows, and what connects each client. */
export type PageEndpoint = "page" | "live" | "snippets";

export interface Route {
  /** Whose envelope errors have on this path, whatever goes wrong. */
  dialect: Dialect;
  /** Undefined where nothing is. */
  endpoint: Endpoint | undefined;
  methods: readonly ("GET" | "POST" | "DELETE")[];
  /** The model, or the stored response, that the path names. */
  id?: string;
}

/** The paths of one API alone, without their `/v1`. */
const routes: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["/messages", { dialect: anthropic, endpoint: "answer", methods: ["POST"] }],
  ["/messages/count_tokens", { dialect: anthropic, endpoint: "count", methods: ["POST"] }],
  ["/chat/completions", { dialect: chat, endpoint: "answer", methods: ["POST"] }],
  ["/responses", { dialect: responses, endpoint: "answer", methods: ["POST"] }],
  ["/responses/input_tokens", { dialect: responses, endpoint: "count", methods: ["POST"] }],
  ["/responses/compact", { dialect: responses, endpoint: "compact", methods: ["POST"] }],
  // Nobody's API: it is never forwarded.
  ["/metrics", { dialect: chat, endpoint: "metrics", methods: ["GET"] }],
]);

/** The route of a path, with or without its `/v1` and a slash at the end. */
export function findRoute(pathname: string, headers: Headers): Route {
  // Only as they are written: these are no paths of an API.
  if (pathname === "/" || pathname.startsWith("/page/")) return { dialect: chat, endpoint: "page", methods: ["GET"] };
  if (pathname === "/live") return { dialect: chat, endpoint: "live", methods: ["GET"] };
  if (pathname === "/snippets") return { dialect: chat, endpoint: "snippets", methods: ["GET"] };
  const path = withoutSlashes(pathname.replace(version, ""));
  const route = routes.get(path);
  if (route !== undefined) return route;
  // The two APIs share these paths; only Anthropic's clients name a version.
  const shared = headers.has("anthropic-version") ? anthropic : chat;
  if (path === "/models") return { dialect: shared, endpoint: "models", methods: ["GET"] };
  if (path === "/health") return { dialect: shared, endpoint: "health", methods: ["GET"] };
  if (path.startsWith("/models/")) {
    return { dialect: shared, endpoint: "model", methods: ["GET"], id: decode(path.slice("/models/".length)) };
  }
  if (path.startsWith("/responses/")) return storageRoute(path.slice("/responses/".length));
  return { dialect: path.startsWith("/messages/") ? anthropic : shared, endpoint: undefined, methods: ["GET"] };
}

/** Whether a request is for the upstream itself: one of the Messages API, also of parts of it that Sluice has no word for. */
export function isForwarded({ dialect, endpoint }: Route, request: Request): boolean {
  if (endpoint === undefined) return request.headers.has("anthropic-version");
  return dialect.name === "anthropic" && endpoint !== "health";
}

/** The path as the API spells it, with the query. */
export function upstreamPath({ pathname, search }: URL): string {
  return withoutSlashes(pathname.replace(beginning, "/v1/")) + search;
}

const version = /^\/v1(?=\/)/;
const beginning = /^(\/v1(?=\/))?\/*/;

/** A path without slashes at its end. */
function withoutSlashes(path: string): string {
  let { length } = path;
  while (path[length - 1] === "/") length--;
  return path.slice(0, length);
}

/** The route of a stored response: its id, and what is asked of it. */
function storageRoute(path: string): Route {
  const [id = "", ...rest] = path.split("/");
  const what = rest.join("/");
  const route = { dialect: responses, id: decode(id) };
  if (what === "") return { ...route, endpoint: "response", methods: ["GET", "DELETE"] };
  if (what === "input_items") return { ...route, endpoint: "input_items", methods: ["GET"] };
  if (what === "cancel") return { ...route, endpoint: "cancel", methods: ["POST"] };
  return { dialect: responses, endpoint: undefined, methods: ["GET"] };
}

/** A path segment that is not valid percent-encoding stands for itself. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
