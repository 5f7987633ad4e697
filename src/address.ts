/** Where a Sluice is reached from the same machine, and what it says of itself there. */

import type { Config } from "./config.ts";

export interface Health {
  readonly ok: boolean;
  /** Undefined where it did not know our client key. */
  readonly version?: string | undefined;
  /** Its process; undefined in the same case. */
  readonly pid?: number | undefined;
}

/** How long it may take to answer (milliseconds). */
const patience = 3000;

/** Asks `/health` where a configuration says that Sluice listens. Undefined where nobody answers, or somebody else. */
export async function askHealth(config: Pick<Config, "host" | "port" | "clientKey">): Promise<Health | undefined> {
  try {
    const response = await fetch(`${addressOf(config)}/health`, {
      headers: config.clientKey === undefined ? {} : { "x-api-key": config.clientKey },
      signal: AbortSignal.timeout(patience),
      redirect: "error",
      // A proxy for the outside world cannot reach this machine's loopback.
      proxy: false,
    });
    const { ok, version, pid } = (await response.json()) as Partial<Record<string, unknown>>;
    if (typeof ok !== "boolean" || !response.headers.has("request-id")) return undefined;
    return {
      ok,
      version: typeof version === "string" ? version : undefined,
      pid: typeof pid === "number" ? pid : undefined,
    };
  } catch {
    return undefined;
  }
}

/** The base URL at which programs of this machine reach a Sluice. */
export function addressOf({ host, port }: Pick<Config, "host" | "port">): string {
  return `http://${urlHost(host)}:${port}`;
}

/** A host as a URL spells it: IPv6 in brackets, and a wildcard as the loopback address that reaches it. */
export function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
