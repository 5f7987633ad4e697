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

/** An engine whose failures and warnings repeat no secret. Its answers are the model's, and stay as they are. */
export function concealing(engine: Engine, conceal: Conceal): Engine {
  const concealed = (error: ProxyError): ProxyError => {
    const message = conceal(error.message);
    if (message === error.message) return error;
    return new ProxyError(error.kind, message, { ...error, quoted: error.quoted && conceal(error.quoted) });
  };
  const failed = (thrown: unknown): never => {
    throw concealed(toProxyError(thrown));
  };
  const { forward, examine } = engine;
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
      const { warnings, ...count } = await engine.count(request, signal, client).catch(failed);
      return { ...count, warnings: warnings.map(conceal) };
    },
    models: (client) => engine.models(client).catch(failed),
    model: (name, client) => engine.model(name, client).catch(failed),
    ...(forward && {
      forward: (request, call) => {
        const { method, path, headers, body } = request;
        const explain = (error: ProxyError) => request.explain(concealed(error));
        return forward.call(engine, { method, path, headers, body, explain }, call).catch(failed);
      },
    }),
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
