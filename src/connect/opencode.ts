import { existsSync } from "node:fs";
import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { contextWindow, fileClient, keyOf, longestAnswer, menu } from "./client.ts";
import { json } from "./format/json.ts";

/** opencode: https://opencode.ai/docs/providers. The base URL of its Anthropic provider ends with `/v1`. */
export const opencode = fileClient({
  title: "opencode",
  place: "~/.config/opencode/opencode.json",
  language: "json",
  format: json,
  path: (env) => {
    const folder = join(env["XDG_CONFIG_HOME"] || join(homeOf(env), ".config"), "opencode");
    const there = ["opencode.jsonc", "opencode.json", "config.json"].map((name) => join(folder, name)).find(existsSync);
    return env["OPENCODE_CONFIG"] || there || join(folder, "opencode.json");
  },
  entries: (connection) => [
    {
      path: ["provider", "sluice"],
      value: {
        npm: "@ai-sdk/anthropic",
        name: "Sluice",
        options: { baseURL: `${connection.url}/v1`, apiKey: keyOf(connection) },
        models: Object.fromEntries(
          menu(connection).map((name) => [
            name,
            { name, attachment: true, limit: { context: contextWindow, output: longestAnswer } },
          ]),
        ),
      },
    },
  ],
  hints: ({ models: [model] }) => [
    "It goes on with the model that it has: choose another with /models, or",
    `opencode -m sluice/${model}`,
  ],
});
