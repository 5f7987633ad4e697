/** Counting tokens: a decoded request meets an engine, which asks no model. */

import { describe, type Observer } from "./answer.ts";
import type { DecodeContext, Dialect } from "./dialect/dialect.ts";
import type { Engine } from "./engine/engine.ts";
import { ProxyError } from "./error.ts";

/** Answers a count of the dialect's. Failures are thrown, as ProxyErrors. */
export async function count(
  dialect: Dialect,
  body: unknown,
  context: DecodeContext,
  engine: Engine,
  signal: AbortSignal,
  observer: Observer,
): Promise<Response> {
  const { count } = dialect;
  if (!count) throw new ProxyError("bug", `There is no way to count in ${dialect.name}.`);
  const { request, warnings } = count.decode(body, context);
  const { tokens, ...counted } = await engine.count(request, signal);
  const headers = describe(warnings, counted);
  observer.answered(headers);
  return Response.json(count.encode(tokens), { headers });
}
