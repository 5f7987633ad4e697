import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { fileClient, keyOf, menu } from "./client.ts";
import { yaml } from "./format/yaml.ts";

/** Continue, its editor plugins and its command line: https://docs.continue.dev/reference */
export const continueDev = fileClient({
  title: "Continue",
  place: "~/.continue/config.yaml",
  language: "yaml",
  format: yaml,
  path: (env) => join(env["CONTINUE_GLOBAL_DIR"] || join(homeOf(env), ".continue"), "config.yaml"),
  entries: (connection) => [
    // It refuses a config without these three.
    { path: ["name"], value: "Local Config", optional: true },
    { path: ["version"], value: "1.0.0", optional: true },
    { path: ["schema"], value: "v1", optional: true },
    ...menu(connection).map((model) => {
      const name = `Sluice ${model}`;
      const address = { apiBase: `${connection.url}/v1`, apiKey: keyOf(connection) };
      return {
        path: ["models", { name }],
        value: { name, provider: "anthropic", model, ...address, capabilities: ["tool_use", "image_input"] },
      };
    }),
  ],
  hints: () => ["Autocomplete asks for a word every moment: leave that to another model."],
});
