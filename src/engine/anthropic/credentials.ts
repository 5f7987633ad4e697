/** Who Sluice is to the upstream: the user's own key, or what each client brings. Never another program's credentials. */

import type { Config } from "../../config.ts";
import { StartError } from "../../error.ts";
import { placeholderKey } from "../own-address.ts";

/** Gives a request to the upstream its credentials: `own` is that request's headers, `client` those of the client's. */
export type Authorize = (own: Headers, client: Headers) => void;

/** The headers that carry credentials, of the Messages API and of the gateways before it. */
export const credentialHeaders = ["x-api-key", "authorization"] as const;

/** Claude Code's own tokens, of the login and of `claude setup-token`. */
const claudeToken = /^sk-ant-o(at|rt)/;

/** Throws a StartError where the configuration has no credentials, or those of Claude Code. */
export function createAuthorize(config: Config): Authorize {
  if (config.credentials === "client") return (own, client) => passOn(own, client, config.clientKey);
  const { apiKey, authToken } = config;
  const given = [apiKey, authToken].filter((key) => key !== undefined && key !== placeholderKey);
  if (given.length === 0) {
    throw new StartError(
      "usage",
      "Native mode needs credentials: set SLUICE_API_KEY or ANTHROPIC_API_KEY (for a gateway ANTHROPIC_AUTH_TOKEN), or start with --credentials client.",
    );
  }
  if (given.some((key) => key !== undefined && claudeToken.test(key))) {
    throw new StartError(
      "usage",
      "This is a token of Claude Code's login, which is for Claude Code alone: leave out --mode native, and Claude Code itself answers.",
    );
  }
  return (own) => {
    if (apiKey !== undefined && apiKey !== placeholderKey) own.set("x-api-key", apiKey);
    if (authToken !== undefined && authToken !== placeholderKey) own.set("authorization", `Bearer ${authToken}`);
  };
}

/** What the client sent, all but Sluice's own key. */
function passOn(own: Headers, client: Headers, clientKey: string | undefined): void {
  const key = client.get("x-api-key");
  const authorization = client.get("authorization");
  const bearer = /^bearer +(.*)$/i.exec(authorization ?? "")?.[1];
  if (key !== null && key !== clientKey) own.set("x-api-key", key);
  if (authorization === null || bearer === clientKey) return;
  // Programs for OpenAI's APIs know no other way to send a key; the Messages API takes one by its own name only.
  if (key === null && bearer?.startsWith("sk-ant-api")) own.set("x-api-key", bearer);
  else own.set("authorization", authorization);
}
