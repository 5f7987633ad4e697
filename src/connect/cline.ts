import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { fileClient, keyOf } from "./client.ts";
import { json } from "./format/json.ts";

const provider = "openai-compatible";

/** Cline's command line: what `cline auth` writes. Of its providers only this one and OpenAI's take another address. */
export const cline = fileClient({
  title: "Cline",
  place: "~/.cline/data/settings/providers.json",
  language: "json",
  format: json,
  path: (env) => {
    const data = env["CLINE_DATA_DIR"] || join(env["CLINE_DIR"] || join(homeOf(env), ".cline"), "data");
    return env["CLINE_PROVIDER_SETTINGS_PATH"] || join(data, "settings/providers.json");
  },
  entries: (connection) => {
    const { url, models } = connection;
    const settings = { provider, apiKey: keyOf(connection), model: models[0], baseUrl: `${url}/v1` };
    return [
      { path: ["version"], value: 1, optional: true },
      { path: ["lastUsedProvider"], value: provider },
      { path: ["providers", provider, "settings"], value: settings },
      // It refuses a provider without it, and keeps it up to date by itself.
      { path: ["providers", provider, "updatedAt"], value: "2026-01-01T00:00:00.000Z", optional: true },
    ];
  },
  hints: () => [],
  instead: ({ url, models: [model] }) => [
    "The same by hand:",
    `cline auth -p ${provider} -k KEY -m ${model} -b ${url}/v1`,
    "In the editor: API Provider “OpenAI Compatible”, with that base URL, key and model.",
  ],
});
