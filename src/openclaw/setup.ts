/** How Sluice comes into OpenClaw's config: by a login at the terminal, or by `onboard --non-interactive`. */

import type {
  OpenClawConfig,
  ProviderAuthContext,
  ProviderAuthMethodNonInteractiveContext,
  ProviderAuthResult,
} from "openclaw/plugin-sdk/plugin-entry";
import { align, configPatch, keyIn, providerEntry } from "./entry.ts";
import { KeyRefused, knownModels, listModels } from "./models.ts";
import { findProgram, type Program } from "./program.ts";
import { addressOf, id, readSettings, type Settings } from "./settings.ts";

/** `openclaw models auth login --provider sluice`: asks for host, port and models. */
export async function login(
  { config, prompter, signal }: ProviderAuthContext,
  root: string | undefined,
): Promise<ProviderAuthResult> {
  const before = settingsIn(config);
  const host = await prompter.text({
    message: "The address that Sluice listens on",
    initialValue: before.host,
    validate: (value) => (URL.canParse(addressOf({ host: value, port: 1 })) ? undefined : "Not an address"),
  });
  const port = await prompter.text({
    message: "Its port",
    initialValue: String(before.port),
    validate: (value) => (portOf(value) === undefined ? "A number from 1 to 65535" : undefined),
  });
  const where = { host, port: portOf(port) ?? before.port };
  const { offered, note } = await offer(config, where, signal);
  const asked = await prompter.text({
    message: "Models, separated by commas; the first one is the default",
    initialValue: (before.models.length > 0 ? before.models : offered).join(", "),
    validate: (value) => (namesIn(value).length > 0 ? undefined : "Name a model"),
  });

  const names = namesIn(asked);
  const models = names.join() === offered.join() ? [] : names;
  const patch = setUp(config, { ...before, ...where, models }, offered, findProgram(before.command, root));
  return {
    // Sluice's key is no credential of a person, and stands in the provider's entry.
    profiles: [],
    configPatch: patch,
    defaultModel: `${id}/${names[0]}`,
    notes: [note],
  };
}

/** `openclaw onboard --non-interactive --auth-choice sluice [--sluice-url URL]`. */
export async function onboard(
  { config, opts, runtime }: ProviderAuthMethodNonInteractiveContext,
  root: string | undefined,
): Promise<OpenClawConfig | null> {
  const before = settingsIn(config);
  const where = opts["sluiceUrl"] === undefined ? before : placeOf(String(opts["sluiceUrl"]));
  if (where === undefined) {
    runtime.error("--sluice-url must be an address such as http://127.0.0.1:3456.");
    runtime.exit(1);
    return null;
  }
  const settings = { ...before, host: where.host, port: where.port };
  const { offered } = await offer(config, settings);
  return merge(config, setUp(config, settings, offered, findProgram(settings.command, root))) as OpenClawConfig;
}

/** The change of OpenClaw's config for these settings. `offered` are the models where the settings name none. */
function setUp(
  config: OpenClawConfig,
  settings: Settings,
  offered: readonly string[],
  program: Program | undefined,
): Partial<OpenClawConfig> {
  const { host, port, models } = settings;
  const entry = providerEntry(addressOf(settings), keyIn(config), offered);
  return {
    ...configPatch(align(entry, settings, program)),
    plugins: { entries: { [id]: { config: { host, port, models: [...models] } } } },
  };
}

/** The models of the Sluice that runs there, or else those that every one has; and which of the two it is. */
async function offer(config: OpenClawConfig, where: Pick<Settings, "host" | "port">, signal?: AbortSignal) {
  const url = addressOf(where);
  try {
    return { offered: await listModels(url, keyIn(config), signal), note: `Sluice answers on ${url}.` };
  } catch (error) {
    signal?.throwIfAborted();
    const note =
      error instanceof KeyRefused
        ? `Sluice on ${url} wants its client key: openclaw config set models.providers.${id}.apiKey KEY`
        : `Nothing answers on ${url} yet: the gateway starts Sluice, and so does \`openclaw agent exec\`.`;
    return { offered: [...knownModels], note };
  }
}

function settingsIn(config: OpenClawConfig): Settings {
  return readSettings(config.plugins?.entries?.[id]?.config);
}

function namesIn(list: string): string[] {
  return [...new Set(list.split(/[\s,]+/).filter((name) => name !== ""))];
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function placeOf(text: string): Pick<Settings, "host" | "port"> | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:") return undefined;
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port || 80) };
}

/** A patch over a config: objects are merged, everything else is replaced. */
function merge(base: unknown, patch: unknown): unknown {
  if (!isObject(base) || !isObject(patch)) return patch;
  const merged = Object.entries(patch).map(([key, value]) => [key, merge(base[key], value)]);
  return { ...base, ...Object.fromEntries(merged) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
