import { join } from "node:path";
import { homeOf } from "../environment.ts";
import { configPatch, providerEntry } from "../openclaw/entry.ts";
import { fileClient, keyOf } from "./client.ts";
import type { Value } from "./format/format.ts";
import { json } from "./format/json.ts";

/** OpenClaw without the plugin: someone else starts Sluice. */
export const openclaw = fileClient({
  title: "OpenClaw",
  place: "~/.openclaw/openclaw.json",
  language: "json",
  format: json,
  path: (env) => {
    const state = env["OPENCLAW_STATE_DIR"] || join(env["OPENCLAW_HOME"] || homeOf(env), ".openclaw");
    return env["OPENCLAW_CONFIG_PATH"] || join(state, "openclaw.json");
  },
  entries: (connection) => {
    const patch = configPatch(providerEntry(connection.url, keyOf(connection), connection.models));
    return Object.entries(patch).map(([key, value]) => ({ path: [key], value: value as Value }));
  },
  hints: () => [],
  instead: () => ["OpenClaw can take it in by itself, too:", "sluice connect openclaw | openclaw config patch --stdin"],
});
