import { join } from "node:path";
import { exportLine, homeOf } from "../environment.ts";
import { contextWindow, fileClient, keyOf, longestAnswer, menu } from "./client.ts";
import { json } from "./format/json.ts";

/** Not "Sluice" alone: Zed would take the key from SLUICE_API_KEY, which is that of Sluice's own upstream. */
const provider = "Local Sluice";

/** Zed: https://zed.dev/docs/ai/use-api-access#anthropic-compatible */
export const zed = fileClient({
  title: "Zed",
  place: "~/.config/zed/settings.json",
  language: "json",
  format: json,
  path: (env) => {
    if (process.platform === "win32" && env["APPDATA"]) return join(env["APPDATA"], "Zed/settings.json");
    const own = process.platform === "linux" && (env["FLATPAK_XDG_CONFIG_HOME"] || env["XDG_CONFIG_HOME"]);
    return join(own || join(homeOf(env), ".config"), "zed/settings.json");
  },
  entries: (connection) => [
    {
      path: ["language_models", "anthropic_compatible", provider],
      value: {
        api_url: connection.url,
        available_models: menu(connection).map((name) => ({
          name,
          display_name: name,
          max_tokens: contextWindow,
          max_output_tokens: longestAnswer,
          capabilities: { tools: true, images: true, prompt_caching: true },
        })),
      },
    },
  ],
  hints: (connection) => [
    "Zed keeps keys in the system's keychain: give it this one in its settings, at AI, LLM Providers, or start it with",
    exportLine("LOCAL_SLUICE_API_KEY", keyOf(connection)),
    `Then choose a model of “${provider}” in the agent panel.`,
  ],
});
