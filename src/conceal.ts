/** Secrets that Sluice was given, which it tells nobody, whoever said them first: a log, a client, a CLI that died. */

import type { Config } from "./config.ts";
import type { Engine, Turn, Way } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import { isSecret } from "./log.ts";
import type { MessageEvent } from "./messages/types.ts";
import { options, type Setting } from "./options.ts";

export type Conceal = (text: string) => string;

/** Shorter ones would be found in ordinary words. */
const shortest = 8;

/** Takes the secrets of a configuration, and of the environment that it came from, out of a text. */
export function concealer(config: Config): Conceal {
  const settings = (Object.keys(options) as Setting[]).filter((name) => options[name].secret);
  const variables = Object.keys(config.env).filter(isSecret);
  const secrets = [...settings.map((name) => config[name]), ...variables.map((name) => config.env[name])]
    .filter((secret): secret is string => typeof secret === "string" && secret.length >= shortest)
    // As it is, and as JSON has it; one that begins with another goes as a whole.
    .flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
    .sort((a, b) => b.length - a.length);
  if (secrets.length === 0) return (text) => text;
  const pattern = new RegExp([...new Set(secrets)].map(RegExp.escape).join("|"), "g");
  return (text) => text.replace(pattern, "[redacted]");
}

/** A failure that repeats no secret. */
export function concealed(error: ProxyError, conceal: Conceal): ProxyError {
  const message = conceal(error.message);
  if (message === error.message) return error;
  return new ProxyError(error.kind, message, { ...error, quoted: error.quoted && conceal(error.quoted) });
}

/** The events of a turn; a failure repeats no secret. */
class ConcealedEvents implements AsyncIterator<Together> {
  readonly #events: AsyncIterator<Together>;
  readonly #failed: (thrown: unknown) => never;

  constructor(events: AsyncIterator<Together>, failed: (thrown: unknown) => never) {
    this.#events = events;
    this.#failed = failed;
  }

  next(): Promise<IteratorResult<Together>> {
    return this.#events.next().catch(this.#failed);
  }

  async return(): Promise<IteratorResult<Together>> {
    return (await this.#events.return?.()) ?? { done: true, value: undefined };
  }
}

type Together = readonly MessageEvent[];

class ConcealedTurn implements Turn {
  constructor(
    readonly turn: Turn,
    readonly conceal: Conceal,
    readonly failed: (thrown: unknown) => never,
  ) {}

  get way(): Way {
    return this.turn.way;
  }

  get warnings(): readonly string[] {
    return this.turn.warnings.map(this.conceal);
  }

  get headers(): Readonly<Record<string, string>> {
    return this.turn.headers ?? {};
  }

  cost(): Promise<number | undefined> | undefined {
    return this.turn.cost?.();
  }

  [Symbol.asyncIterator](): AsyncIterator<Together> {
    return new ConcealedEvents(this.turn[Symbol.asyncIterator](), this.failed);
  }
}

/** An engine whose failures and warnings repeat no secret. Its answers are the model's, and stay as they are. */
export function concealing(engine: Engine, conceal: Conceal): Engine {
  const failed = (thrown: unknown): never => {
    throw concealed(toProxyError(thrown), conceal);
  };
  const { forward, examine } = engine;
  return {
    run: (request, caller) => new ConcealedTurn(engine.run(request, caller), conceal, failed),
    async count(request, caller) {
      const { warnings, ...count } = await engine.count(request, caller).catch(failed);
      return { ...count, warnings: warnings.map(conceal) };
    },
    models: (client) => engine.models(client).catch(failed),
    model: (name, client) => engine.model(name, client).catch(failed),
    // What ends a stream is concealed by the request's own `explain`.
    ...(forward && { forward: (request, call) => forward.call(engine, request, call).catch(failed) }),
    ...(engine.swallows && { swallows: (path) => engine.swallows?.(path) ?? false }),
    health: () => engine.health(),
    ...(examine && {
      examine: async () =>
        (await examine.call(engine)).map((part) => ({ ...part, ...(part.mend && { mend: conceal(part.mend) }) })),
    }),
    rateLimits: () => engine.rateLimits(),
    close: () => engine.close(),
  };
}
