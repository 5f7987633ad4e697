import { ProxyError } from "../error.ts";
import type { Log } from "../log.ts";
import type { MessageEvent, MessagesRequest } from "../messages/types.ts";
import type { Caller, Engine, Turn, Way } from "./engine.ts";

/** Why the CLI refuses a request that another engine may serve: there is no login, or its limit is used up. */
function isRefusal(error: unknown): error is ProxyError {
  if (!(error instanceof ProxyError)) return false;
  return error.kind === "login_required" || (error.kind === "rate_limit" && !error.retryable);
}

interface Served {
  way: Way;
  warnings: readonly string[];
  headers: Readonly<Record<string, string>>;
  cost: NonNullable<Turn["cost"]>;
}

/** An engine whose refusals before the first event go to a second one. Only where the user has asked for that. */
export function withFallback(first: Engine, second: Engine, log: Log): Engine {
  async function* answer(
    request: MessagesRequest,
    caller: Caller,
    served: Served,
  ): AsyncGenerator<readonly MessageEvent[]> {
    const follow = async function* (turn: Turn) {
      served.cost = () => turn.cost?.();
      for await (const events of turn) {
        Object.assign(served, { way: turn.way, warnings: turn.warnings, headers: turn.headers ?? {} });
        begun = true;
        yield events;
      }
    };
    let begun = false;
    try {
      yield* follow(first.run(request, caller));
    } catch (error) {
      if (begun || caller.signal.aborted || !isRefusal(error)) throw error;
      log.warn("Claude Code refused a request, which is served natively", { error: error.kind, reason: error.plain });
      yield* follow(second.run(request, caller));
    }
  }

  return {
    run(request, caller) {
      const served: Served = { way: "cold", warnings: [], headers: {}, cost: () => undefined };
      const events = answer(request, caller, served);
      return Object.assign(served, { [Symbol.asyncIterator]: () => events });
    },
    count: (request, caller) => first.count(request, caller),
    models: () => first.models(),
    model: (name) => first.model(name),
    health: () => first.health(),
    examine: async () => (await first.examine?.()) ?? [],
    rateLimits: () => first.rateLimits(),
    close: async () => {
      await Promise.all([first.close(), second.close()]);
    },
  };
}
