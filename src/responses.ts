/** The storage routes of the Responses API: what is stored meets HTTP. */

import { eventStream } from "./answer.ts";
import type { Config } from "./config.ts";
import type { Memory } from "./dialect/responses/memory.ts";
import {
  deleteStored,
  encodeInputItems,
  encodeStored,
  findResponse,
  refuseCancel,
  replay,
} from "./dialect/responses/stored.ts";
import type { StorageEndpoint } from "./routes.ts";
import { formatSse } from "./wire/sse.ts";

/** What a storage route is served with. */
export interface StorageContext {
  request: Request;
  url: URL;
  config: Pick<Config, "model">;
  memory: Memory;
  /** The body as JSON. */
  read(): Promise<unknown>;
}

/** Answers a storage route; `id` is that of the response that the path names. */
export async function serveStored(endpoint: StorageEndpoint, id: string, context: StorageContext): Promise<Response> {
  const { request, url, config, memory, read } = context;
  const query = url.searchParams;
  switch (endpoint) {
    case "response": {
      if (request.method === "DELETE") return Response.json(deleteStored(memory, id));
      const stored = findResponse(memory, id);
      if (query.get("stream") !== "true") return Response.json(encodeStored(stored, query));
      const text = replay(stored, query).map(formatSse).join("");
      return new Response(text, { headers: eventStream });
    }
    case "input_items":
      return Response.json(encodeInputItems(findResponse(memory, id), query));
    case "cancel":
      findResponse(memory, id);
      return refuseCancel();
    case "compact": {
      const { compact, compactWarning } = await import("./dialect/responses/compact.ts");
      return Response.json(compact(await read(), config.model, memory), {
        headers: { "x-sluice-warning": compactWarning },
      });
    }
  }
}
