/** The page and its parts, as they are answered. It holds nothing: what it shows it asks for, with the client key. */

/**
 * Each part as the text that it is in the source: the executable holds it so, and needs no bundle and no folder. What is a
 * text there can be nothing else: nobody but the page may import a module of it, or it would be an empty one.
 */
const parts: Readonly<Record<string, () => Promise<object>>> = {
  "/": () => import("./index.html", { with: { type: "text" } }),
  "/page/icon.svg": () => import("./icon.svg", { with: { type: "text" } }),
  "/page/style.css": () => import("./style.css", { with: { type: "text" } }),
  "/page/access.ts": () => import("./page/access.ts", { with: { type: "text" } }),
  "/page/advice.ts": () => import("./page/advice.ts", { with: { type: "text" } }),
  "/page/announce.ts": () => import("./page/announce.ts", { with: { type: "text" } }),
  "/page/apis.ts": () => import("./page/apis.ts", { with: { type: "text" } }),
  "/page/dom.ts": () => import("./page/dom.ts", { with: { type: "text" } }),
  "/page/errors.ts": () => import("./page/errors.ts", { with: { type: "text" } }),
  "/page/events.ts": () => import("./page/events.ts", { with: { type: "text" } }),
  "/page/feed.ts": () => import("./page/feed.ts", { with: { type: "text" } }),
  "/page/format.ts": () => import("./page/format.ts", { with: { type: "text" } }),
  "/page/instruments.ts": () => import("./page/instruments.ts", { with: { type: "text" } }),
  "/page/main.ts": () => import("./page/main.ts", { with: { type: "text" } }),
  "/page/playground.ts": () => import("./page/playground.ts", { with: { type: "text" } }),
  "/page/plots.ts": () => import("./page/plots.ts", { with: { type: "text" } }),
  "/page/requests.ts": () => import("./page/requests.ts", { with: { type: "text" } }),
  "/page/snippets.ts": () => import("./page/snippets.ts", { with: { type: "text" } }),
  "/page/spend.ts": () => import("./page/spend.ts", { with: { type: "text" } }),
};

/** The paths of all parts. */
export const partPaths = Object.keys(parts);

const types: Readonly<Record<string, string>> = {
  css: "text/css",
  svg: "image/svg+xml",
  ts: "text/javascript",
};

/**
 * Nothing from another address, nothing sent to one, no frame around it, and no text that becomes markup or script,
 * whoever put it there.
 */
const headers = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  // It goes with the Sluice that it came from, and the next one may be another.
  "cache-control": "no-store",
};

const transpiler = new Bun.Transpiler({ loader: "ts", target: "browser" });

/** The part of the page that has this path; undefined where there is none. */
export async function pagePart(path: string): Promise<Response | undefined> {
  const load = Object.hasOwn(parts, path) ? parts[path] : undefined;
  if (load === undefined) return undefined;
  const text = String(Object(await load()).default);
  const extension = path.split(".")[1] ?? "";
  const type = types[extension] ?? "text/html";
  const body = extension === "ts" ? transpiler.transformSync(text) : text;
  return new Response(body, { headers: { "content-type": `${type}; charset=utf-8`, ...headers } });
}
