import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { connect, write } from "./connect.ts";
import { after, before, checkContinued, file, prompt, type Steps } from "./task.ts";

const steps: Steps = [
  { name: "client_Write", input: { filepath: file, content: before } },
  { name: "client_Read", input: { filepath: file } },
  // With an output: an empty result would have the conversation go on in another process.
  { name: "client_Bash", input: { command: `sed -i s/${before}/${after}/ ${file} && cat ${file}` } },
];

/**
 * Continue's command line: three of its tools have the names of Claude Code's own. `sluice connect` has it speak Messages;
 * for the other API the provider has another name.
 */
function by(api: string, provider: "anthropic" | "openai"): Client {
  return {
    api,
    steps,
    // For its newest version, with the id of the machine.
    hosts: ["api.continue.dev"],
    async perform(stage) {
      const config = join(stage.home, ".continue/config.yaml");
      await write(stage, "continue");
      if (provider !== "anthropic") {
        writeFileSync(config, (await connect(stage, "continue")).replaceAll("anthropic", provider));
      }
      await stage.run(["cn", "--auto", "--print", prompt], quiet);
      await stage.run(["cn", "--auto", "--resume", "--print", "And now?"], quiet);
      checkContinued(stage);
    },
  };
}

const quiet = { CONTINUE_CLI_ENABLE_TELEMETRY: "0" };

export const continueCli: readonly Client[] = [by("messages", "anthropic"), by("chat", "openai")];
