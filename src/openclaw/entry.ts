/** What stands in OpenClaw's config for Sluice. */

import { isDeepStrictEqual } from "node:util";
import type { OpenClawConfig } from "openclaw/plugin-sdk/plugin-entry";
import { describeModel } from "./models.ts";
import type { Program } from "./program.ts";
import { addressOf, id, type Settings } from "./settings.ts";

export type ModelProviderConfig = NonNullable<NonNullable<OpenClawConfig["models"]>["providers"]>[string];

/** How long an answer may take (seconds): Sluice itself ends what is silent for ten minutes. */
const longestAnswer = 900;

/** `models.providers.sluice`, for a Sluice that someone else starts. */
export function providerEntry(url: string, key: string, models: readonly string[]): ModelProviderConfig {
  return {
    baseUrl: url,
    apiKey: key,
    api: "anthropic-messages",
    timeoutSeconds: longestAnswer,
    models: models.map(describeModel),
  };
}

/** The change of OpenClaw's config that makes the entry's first model the default one, with no other to fall back to. */
export function configPatch(entry: ModelProviderConfig) {
  const names = entry.models.map((model) => model.id);
  return {
    models: { mode: "merge", providers: { [id]: entry } },
    agents: {
      defaults: {
        model: { primary: `${id}/${names[0]}`, fallbacks: [] },
        models: Object.fromEntries(names.map((name) => [`${id}/${name}`, { alias: aliasOf(name) }])),
      },
    },
  } satisfies OpenClawConfig;
}

/** `sluice-opus-5` for `claude-opus-5`: the bare names may be those of another provider. */
function aliasOf(name: string): string {
  return `${id}-${name.replace(/^claude-/, "")}`;
}

/** The key in the entry: one of an earlier setup may be a client key that Sluice wants; else any will do. */
export function keyIn(config: OpenClawConfig): string {
  const key = config.models?.providers?.[id]?.apiKey;
  return typeof key === "string" ? key : "sluice";
}

/** The entry with what the plugin's config decides: where Sluice is, how it is started, and which models there are. */
export function align(
  entry: ModelProviderConfig,
  settings: Settings,
  program: Program | undefined,
): ModelProviderConfig {
  const { localService: _, ...rest } = entry;
  return {
    ...rest,
    baseUrl: addressOf(settings) + (entry.api === "anthropic-messages" ? "" : "/v1"),
    ...(settings.autoStart && program !== undefined ? { localService: localService(settings, program) } : {}),
    ...(settings.models.length > 0 ? { models: settings.models.map(describeModel) } : {}),
  };
}

/** Whether two entries are the same in what the plugin's config decides. OpenClaw fills in more than that. */
export function agree(one: ModelProviderConfig, other: ModelProviderConfig): boolean {
  const decided = ({ baseUrl, localService, models }: ModelProviderConfig) => [
    baseUrl,
    localService ?? {},
    models.map((model) => model.id),
  ];
  return isDeepStrictEqual(decided(one), decided(other));
}

/** How OpenClaw starts Sluice for whoever needs it: the gateway's service, and `agent exec`. */
function localService(settings: Settings, { command, args }: Program) {
  const { host, port } = settings;
  return {
    command,
    args: [...args, "serve", "--host", host, "--port", String(port), "--exit-with-parent"],
    healthUrl: `${addressOf(settings)}/health`,
    readyTimeoutMs: 30_000,
    // The gateway's service holds it without a pause. For others, a tool may take a minute between two requests.
    idleStopMs: 60_000,
  };
}
