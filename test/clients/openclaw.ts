import { match } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { connect } from "./connect.ts";
import { openclawPlugin } from "./openclaw-plugin.ts";
import type { Stage } from "./stage.ts";
import { after, before, checkContinued, file, prompt, type Steps } from "./task.ts";

const steps: Steps = [
  { name: "write", input: { path: file, content: before } },
  { name: "read", input: { path: file } },
  { name: "edit", input: { path: file, edits: [{ oldText: before, newText: after }] } },
];

type Change = (entry: { baseUrl: string }) => object;

/** OpenClaw without the plugin, as `sluice connect` tells it; for another API, with the two lines that differ then. */
const agentExec = (api: string, change: Change, checkStage: (stage: Stage) => void = () => {}): Client => ({
  api,
  steps,
  async perform(stage) {
    const config = JSON.parse(await connect(stage, "openclaw"));
    const entry = config.models.providers.sluice;
    Object.assign(entry, change(entry));
    const path = join(stage.home, "openclaw.json");
    writeFileSync(path, JSON.stringify(config));
    const flags = ["--config", path, "--cwd", stage.work, "--json", "--no-auth-env-only"];
    const printed = await stage.run(["openclaw", "agent", "exec", prompt, ...flags]);
    match((JSON.parse(printed) as { final: string }).final, new RegExp(after));
    checkStage(stage);
  },
});

export const openclaw: readonly Client[] = [
  // In these two it moves a block of its own behind the newest message each time, which makes another conversation.
  agentExec("messages", () => ({})),
  agentExec("chat", ({ baseUrl }) => ({ api: "openai-completions", baseUrl: `${baseUrl}/v1` })),
  agentExec("responses", ({ baseUrl }) => ({ api: "openai-responses", baseUrl: `${baseUrl}/v1` }), checkContinued),
  openclawPlugin(steps),
];
