import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { fileClient, keyOf } from "./client.ts";
import { json } from "./format/json.ts";

/** Claude Code: https://code.claude.com/docs/en/llm-gateway. With a token rather than a key it asks no questions. */
export const claude = fileClient({
  title: "Claude Code",
  place: "~/.claude/settings.json",
  language: "json",
  format: json,
  path: (env) => join(env["CLAUDE_CONFIG_DIR"] || join(homeOf(env), ".claude"), "settings.json"),
  entries: (connection) => [
    { path: ["env", "ANTHROPIC_BASE_URL"], value: connection.url },
    { path: ["env", "ANTHROPIC_AUTH_TOKEN"], value: keyOf(connection) },
  ],
  hints: () => [
    "From then on every `claude` needs a Sluice that runs, but for the ones behind Sluice: those read no settings.",
    "Log in to Claude Code before: it does not ask for a login while it has a token.",
  ],
});
