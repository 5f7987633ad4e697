/** The plugin: a provider, and a service that keeps Sluice running beside the gateway. */

import type { OpenClawPluginDefinition } from "openclaw/plugin-sdk/plugin-entry";
import manifest from "./openclaw.plugin.json" with { type: "json" };
import { createProvider } from "./provider.ts";
import { createService } from "./service.ts";

// The SDK's helper would do no more than this, at the price of a peer dependency of 650 MB for npm to resolve.
export default {
  id: manifest.id,
  name: manifest.name,
  description: manifest.description,
  register(api) {
    api.registerProvider(createProvider(api.rootDir));
    api.registerService(createService(api));
  },
} satisfies OpenClawPluginDefinition;
