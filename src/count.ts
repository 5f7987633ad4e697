/** Counting tokens: a decoded request meets an engine, which asks no model. */

import { describe } from "./answer.ts";
import type { DecodeContext, Dialect } from "./dialect/dialect.ts";
import type { Call, Engine } from "./engine/engine.ts";
import { ProxyError } from "./error.ts";

/** Answers a count of the dialect's. Failures are thrown, as ProxyErrors. */
export async function count(
  dialect: Dialect,
  body: unknown,
  context: DecodeContext,
  engine: Engine,
  call: Call,
): Promise<Response> {
  const { count } = dialect;
  if (!count) throw new ProxyError("bug", `There is no way to count in ${dialect.name}.`);
  const { request, warnings } = count.decode(body, context);
  const { tokens, ...counted } = await engine.count(request, call);
  const headers = describe(warnings, counted);
  call.observer.answered(headers);
  return Response.json(count.encode(tokens), { headers });
}
