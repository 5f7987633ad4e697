import type { Client } from "./client.ts";
import { write } from "./connect.ts";
import type { Stage } from "./stage.ts";
import { after, before, checkContinued, checkThoughts, file, prompt } from "./task.ts";

/**
 * Claude Code: its tools have the names of those of the CLI behind Sluice, which calls them by others, and has them run
 * here, not there.
 */
export const claudeCode: Client = {
  api: "messages",
  steps: [
    { name: "client_Write", input: { file_path: file, content: before } },
    { name: "client_Read", input: { file_path: file } },
    { name: "client_Bash", input: { command: `sed -i s/${before}/${after}/ ${file}` } },
  ],
  async perform(stage) {
    await ask(stage, prompt);
    await ask(stage, "And what does it say now?", "--continue");
    checkContinued(stage);
    await stage.restart();
    await ask(stage, "Are you sure?", "--continue");
    checkThoughts(stage.mock, this.steps);
  },
};

async function ask(stage: Stage, words: string, ...flags: string[]): Promise<void> {
  await write(stage, "claude");
  const tools = ["--permission-mode", "acceptEdits", "--allowedTools=Bash"];
  await stage.run(["claude", "--print", "--model", "sonnet", ...tools, ...flags, words], {
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  });
}
