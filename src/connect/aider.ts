import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { fileClient, keyOf } from "./client.ts";
import { yaml } from "./format/yaml.ts";

/** aider: https://aider.chat/docs/llms/openai-compat.html. `openai/` says which API, not whose model. */
export const aider = fileClient({
  title: "aider",
  place: "~/.aider.conf.yml",
  language: "yaml",
  format: yaml,
  path: (env) => join(homeOf(env), ".aider.conf.yml"),
  entries: (connection) => [
    { path: ["model"], value: `openai/${connection.models[0]}` },
    { path: ["openai-api-base"], value: `${connection.url}/v1` },
    { path: ["openai-api-key"], value: keyOf(connection) },
    // It would open a page in the browser, for a model that it does not know.
    { path: ["show-model-warnings"], value: false },
  ],
  hints: () => [
    "What counts more: an .aider.conf.yml in the folder or its repository (see --file), and OPENAI_API_KEY and",
    "OPENAI_API_BASE in the environment.",
  ],
});
