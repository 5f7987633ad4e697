import type { ProviderCatalogContext, ProviderCatalogResult, ProviderPlugin } from "openclaw/plugin-sdk/plugin-entry";
import { keyIn } from "./entry.ts";
import { describeModel, knownModels, listModels } from "./models.ts";
import manifest from "./openclaw.plugin.json" with { type: "json" };
import { addressOf, id, readSettings } from "./settings.ts";
import { login, onboard } from "./setup.ts";

/** The provider: how it is set up, and which models it has. `root` is the plugin's package as it is installed. */
export function createProvider(root: string | undefined): ProviderPlugin {
  return {
    id,
    label: manifest.name,
    auth: [
      {
        id: "local",
        label: "Sluice on this machine",
        hint: "Host, port and models",
        kind: "custom",
        run: (context) => login(context, root),
        runNonInteractive: (context) => onboard(context, root),
      },
    ],
    catalog: { order: "simple", run: (context) => catalog(context, listModels) },
    staticCatalog: { order: "simple", run: (context) => catalog(context, async () => [...knownModels]) },
  };
}

/** The models that the settings name, or those of a list; nothing before Sluice is set up. */
async function catalog(
  { config, signal }: ProviderCatalogContext,
  list: typeof listModels,
): Promise<ProviderCatalogResult> {
  const entry = config.models?.providers?.[id];
  if (entry === undefined) return null;
  const settings = readSettings(config.plugins?.entries?.[id]?.config);
  const names =
    settings.models.length > 0
      ? settings.models
      : await list(addressOf(settings), keyIn(config), signal).catch(() => knownModels);
  return { provider: { ...entry, models: names.map(describeModel) } };
}
