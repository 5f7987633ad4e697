import { configPatch, providerEntry } from "../openclaw/entry.ts";
import type { Client } from "./client.ts";

/** OpenClaw without the plugin: someone else starts Sluice. */
export const openclaw: Client = {
  place: "~/.openclaw/openclaw.json",
  snippet: ({ url, key, models }) => {
    const patch = configPatch(providerEntry(url, key ?? "sluice", models));
    return `${JSON.stringify(patch, undefined, 2)}\n`;
  },
  hints: () => ["sluice connect openclaw | openclaw config patch --stdin"],
};
