/** What the page at `/` needs of the server: itself, what it shows, and what connects each client. */

import { eventStream } from "./answer.ts";
import type { Engine } from "./engine/engine.ts";
import { ProxyError } from "./error.ts";
import type { LiveFeed } from "./observe/live.ts";
import type { PageEndpoint } from "./routes.ts";

export interface PageContext {
  readonly request: Request;
  readonly url: URL;
  readonly engine: Engine;
  readonly feed: LiveFeed;
  /** The key that clients must send. */
  readonly key: string | undefined;
}

/** Answers a request of the page's. */
export async function servePage(endpoint: PageEndpoint, context: PageContext): Promise<Response> {
  const { request, url, feed } = context;
  switch (endpoint) {
    case "page": {
      const { pagePart } = await import("./dashboard/index.ts");
      const part = await pagePart(url.pathname);
      if (part === undefined) throw new ProxyError("not_found", `The page has no part ${url.pathname}.`);
      return part;
    }
    case "live":
      // Whoever asks for the head alone would never leave the stream.
      return new Response(request.method === "HEAD" ? null : feed.watch(), { headers: eventStream });
    case "snippets":
      return Response.json(await snippets(context), { headers: { "cache-control": "no-store" } });
  }
}

/**
 * What `sluice connect` prints for each client, with the address by which the page was reached. The page says whether that
 * was by TLS: what ends it stands before Sluice.
 */
async function snippets({ url, engine, key, request }: PageContext): Promise<unknown> {
  const { instructions } = await import("./connect/index.ts");
  // A snippet is wanted also where nothing answers yet.
  const listed = await engine.models(request.headers).catch(() => []);
  const [first = "sonnet", ...others] = listed.map(({ id }) => id);
  const scheme = url.searchParams.get("scheme") === "https" ? "https" : "http";
  return instructions({ url: `${scheme}://${url.host}`, key, models: [first, ...others] });
}
