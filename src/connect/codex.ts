import type { Client } from "./client.ts";

/** It sends no key but one from the environment. */
const variable = "SLUICE_CLIENT_KEY";

/** Codex CLI: https://developers.openai.com/codex/config-reference */
export const codex: Client = {
  place: "~/.codex/config.toml, the first lines above all tables",
  snippet: ({ url, key, models: [model] }) => `model = ${quote(model)}
model_provider = "sluice"
model_context_window = 200000

[model_providers.sluice]
name = "Sluice"
base_url = ${quote(`${url}/v1`)}
wire_api = "responses"
${key === undefined ? "" : `env_key = "${variable}"\n`}`,
  hints: ({ key }) => (key === undefined ? [] : [`export ${variable}='${key.replaceAll("'", "'\\''")}'`]),
};

/** A string of TOML's, which are written as JSON's are. */
function quote(text: string): string {
  return JSON.stringify(text);
}
