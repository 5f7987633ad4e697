/** Programs as people write them with an SDK; they run in Node, as most do. */

import { strictEqual } from "node:assert";
import { cpSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { after, before, checkContinued, checkThoughts, file, prompt, type Steps } from "./task.ts";

const steps: Steps = [
  { name: "write_file", input: { path: file, content: before } },
  { name: "read_file", input: { path: file } },
  { name: "edit_file", input: { path: file, old: before, new: after } },
];

/** A program of this folder's `programs`, in one of its ways; in some, the thoughts come back. */
function program(script: string, way: string, api: string, { thoughts }: { thoughts: boolean }): Client {
  return {
    api,
    steps,
    async perform(stage) {
      const { home, modules, mock, run, url } = stage;
      const folder = join(home, "programs");
      cpSync(join(import.meta.dir, "programs"), folder, { recursive: true });
      symlinkSync(modules, join(folder, "node_modules"));
      const printed = await run(["node", join(folder, script), url, way, prompt, "And what does it say now?"]);
      strictEqual(printed.trimEnd(), Array(2).fill(`${file} says "${after}".`).join("\n"));
      checkContinued(stage);
      if (thoughts) checkThoughts(mock, steps);
    },
  };
}

export const openai: readonly Client[] = [
  program("openai.mjs", "chat", "chat", { thoughts: false }),
  program("openai.mjs", "responses", "responses", { thoughts: true }),
];

export const anthropic: readonly Client[] = [program("anthropic.mjs", "anthropic", "messages", { thoughts: true })];

export const aiSdk: readonly Client[] = [
  program("ai-sdk.mjs", "anthropic", "messages", { thoughts: true }),
  program("ai-sdk.mjs", "responses", "responses", { thoughts: true }),
  program("ai-sdk.mjs", "chat", "chat", { thoughts: false }),
  program("ai-sdk.mjs", "compatible", "chat, by openai-compatible", { thoughts: false }),
];

export const langchain: readonly Client[] = [
  program("langchain.mjs", "anthropic", "messages", { thoughts: true }),
  program("langchain.mjs", "chat", "chat", { thoughts: false }),
  program("langchain.mjs", "responses", "responses", { thoughts: true }),
];
