import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { connect, write } from "./connect.ts";
import { after, before, checkContinued, file, prompt, type Steps } from "./task.ts";

const steps: Steps = [
  { name: "write", input: { filePath: file, content: before } },
  { name: "read", input: { filePath: file } },
  { name: "edit", input: { filePath: file, oldString: before, newString: after } },
];

/** These would have it fetch its vendor's list of models, and a package of its own from npm. */
const quiet = { OPENCODE_DISABLE_MODELS_FETCH: "1", npm_config_registry: "http://127.0.0.1:9" };

/** opencode speaks each API by the AI SDK's provider for it: `sluice connect` names that of Messages. */
function through(npm: string, api: string): Client {
  return {
    api,
    steps,
    async perform(stage) {
      await write(stage, "opencode");
      if (api !== "messages") {
        const config = JSON.parse(await connect(stage, "opencode"));
        config.provider.sluice.npm = npm;
        writeFileSync(join(stage.work, "opencode.json"), JSON.stringify(config));
      }
      const run = (...words: string[]) => stage.run(["opencode", "run", "-m", "sluice/sonnet", ...words], quiet);
      await run(prompt);
      await run("--continue", "And what does it say now?");
      checkContinued(stage);
    },
  };
}

export const opencode: readonly Client[] = [
  through("@ai-sdk/anthropic", "messages"),
  through("@ai-sdk/openai-compatible", "chat"),
  through("@ai-sdk/openai", "responses"),
];
