import type { Server } from "bun";
import type { Config } from "./config.ts";
import { StartError } from "./error.ts";

/** A client that sends nothing for this long in the middle of its request is let go (seconds). */
const patience = 30;

/** Opens the port. Throws a StartError with a sentence where that can't be. */
export function listen(
  config: Config,
  fetch: (request: Request, server: Server<undefined>) => Promise<Response>,
): Server<undefined> {
  try {
    return Bun.serve({
      hostname: config.host,
      port: config.port,
      idleTimeout: patience,
      // Nobody who is not let in is to see a stack, nor stderr an answer that breaks on purpose.
      development: false,
      // Outside of development Bun would share the port with another that allows it too: a second Sluice.
      reusePort: false,
      // The guard counts for itself, so that a body that is too large is refused in the dialect's own words.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      fetch,
    });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === "EADDRINUSE") {
      throw new StartError(
        "port_taken",
        `Port ${config.port} is taken: stop what listens there, or choose another with --port PORT.`,
      );
    }
    throw new StartError(
      "usage",
      `Sluice can't listen on ${config.host}:${config.port} (${code ?? String(error)}): choose another with --host and --port.`,
    );
  }
}
