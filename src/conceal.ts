/** Secrets that Sluice was given, which it tells nobody, whoever said them first: a log, a client, a CLI that died. */

import type { Config } from "./config.ts";
import type { Engine } from "./engine/engine.ts";
import { ProxyError, toProxyError } from "./error.ts";
import { isSecret } from "./log.ts";
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

/**
 * An engine that repeats no secret in its warnings, nor in what ends the events of a turn. Its answers are the model's, and
 * stay as they are; what it throws otherwise is left to who tells the client.
 */
export function concealing(engine: Engine, conceal: Conceal): Engine {
  const failed = (thrown: unknown): never => {
    throw concealed(toProxyError(thrown), conceal);
  };
  const { examine } = engine;
  return {
    run(request, signal, client) {
      const turn = engine.run(request, signal, client);
      return {
        get way() {
          return turn.way;
        },
        get warnings() {
          return turn.warnings.map(conceal);
        },
        get headers() {
          return turn.headers ?? {};
        },
        cost: () => turn.cost?.(),
        [Symbol.asyncIterator]() {
          const events = turn[Symbol.asyncIterator]();
          return {
            next: () => events.next().catch(failed),
            return: async () => (await events.return?.()) ?? { done: true, value: undefined },
          };
        },
      };
    },
    async count(request, signal, client) {
      const { warnings, ...count } = await engine.count(request, signal, client);
      return { ...count, warnings: warnings.map(conceal) };
    },
    models: (client) => engine.models(client),
    model: (name, client) => engine.model(name, client),
    ...(engine.forward && { forward: engine.forward.bind(engine) }),
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
