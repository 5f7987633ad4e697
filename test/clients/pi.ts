import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { after, before, checkContinued, checkThoughts, file, prompt, type Steps } from "./task.ts";

const steps: Steps = [
  { name: "write", input: { path: file, content: before } },
  { name: "read", input: { path: file } },
  { name: "edit", input: { path: file, edits: [{ oldText: before, newText: after }] } },
];

function by(api: string, kind: string, version: "" | "/v1", { thoughts }: { thoughts: boolean }): Client {
  return {
    api,
    steps,
    async perform(stage) {
      const folder = join(stage.home, ".pi/agent");
      mkdirSync(folder, { recursive: true });
      const configure = () => {
        const models = [{ id: "sonnet", reasoning: true }];
        const sluice = { baseUrl: stage.url + version, api: kind, apiKey: "any", models };
        writeFileSync(join(folder, "models.json"), JSON.stringify({ providers: { sluice } }));
      };
      const ask = (...words: string[]) => stage.run(["pi", "--print", "--model", "sluice/sonnet", ...words], quiet);
      configure();
      await ask(prompt);
      await ask("--continue", "And what does it say now?");
      checkContinued(stage);
      await stage.restart();
      configure();
      await ask("--continue", "Are you sure?");
      if (thoughts) checkThoughts(stage.mock, steps);
    },
  };
}

/** Without it asks for a newer version of itself. */
const quiet = { PI_OFFLINE: "1" };

export const pi: readonly Client[] = [
  by("messages", "anthropic-messages", "", { thoughts: true }),
  by("chat", "openai-completions", "/v1", { thoughts: false }),
  by("responses", "openai-responses", "/v1", { thoughts: true }),
];
