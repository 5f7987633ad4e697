import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { write } from "./connect.ts";
import type { Stage } from "./stage.ts";
import { after, before, checkContinued, checkThoughts, file, prompt } from "./task.ts";

const shell = (cmd: string) => ({ name: "exec_command", input: { cmd } });

const patch = `*** Begin Patch
*** Update File: ${file}
@@
-${before}
+${after}
*** End Patch`;

/**
 * Codex: it stores nothing with us and replays everything, its reasoning in `encrypted_content`. The session goes on
 * twice, the second time with a Sluice that has only what Codex carried.
 */
export const codex: Client = {
  api: "responses",
  steps: [shell(`echo ${before} > ${file}`), shell(`cat ${file}`), shell(`apply_patch <<'END'\n${patch}\nEND\n`)],
  async perform(stage) {
    await exec(stage, [], prompt);
    await exec(stage, ["resume", "--last"], "And what does it say now?");
    checkContinued(stage);
    await stage.restart();
    await exec(stage, ["resume", "--last"], "Are you sure?");
    checkThoughts(stage.mock, this.steps);
  },
};

const flags = ["--skip-git-repo-check", "--strict-config", "--dangerously-bypass-approvals-and-sandbox"];

async function exec(stage: Stage, command: readonly string[], words: string): Promise<void> {
  const folder = join(stage.home, ".codex");
  const config = join(folder, "config.toml");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(config)) writeFileSync(config, own);
  await write(stage, "codex");
  await stage.run(["codex", "exec", ...command, ...flags, words]);
}

/** What a person may have in the file: above all tables, and in tables. The last lines keep it from its vendor. */
const own = `
model_reasoning_effort = "medium"
model_reasoning_summary = "auto"
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
plugins = false
`;
