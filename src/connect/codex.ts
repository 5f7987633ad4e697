import { join } from "node:path";
import { exportLine, homeOf } from "../environment.ts";
import { contextWindow, fileClient } from "./client.ts";
import { toml } from "./format/toml.ts";

/** It sends no key but one from the environment. */
const variable = "SLUICE_CLIENT_KEY";

/** Codex CLI: https://developers.openai.com/codex/config-reference */
export const codex = fileClient({
  title: "Codex",
  place: "~/.codex/config.toml, the first lines above all tables",
  language: "toml",
  format: toml,
  path: (env) => join(env["CODEX_HOME"] || join(homeOf(env), ".codex"), "config.toml"),
  entries: ({ url, key, models: [model] }) => [
    { path: ["model"], value: model },
    { path: ["model_provider"], value: "sluice" },
    { path: ["model_context_window"], value: contextWindow },
    {
      path: ["model_providers", "sluice"],
      value: {
        name: "Sluice",
        base_url: `${url}/v1`,
        wire_api: "responses",
        ...(key !== undefined && { env_key: variable }),
      },
    },
  ],
  hints: ({ key }) =>
    key === undefined ? [] : ["Codex takes the key from its environment only:", exportLine(variable, key)],
});
