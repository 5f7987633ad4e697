import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "./client.ts";
import { write } from "./connect.ts";
import { after, before, checkContinued, file, prompt } from "./task.ts";

/** Cline's command line; of the APIs it takes another address for chat only. */
export const cline: Client = {
  api: "chat",
  steps: [
    { name: "editor", input: { path: `./${file}`, new_text: before } },
    { name: "read_files", input: { files: [{ path: `./${file}` }] } },
    { name: "editor", input: { path: `./${file}`, old_text: before, new_text: after } },
  ],
  // It still tells that it may tell nothing.
  hosts: ["data.cline.bot"],
  async perform(stage) {
    const settings = join(stage.home, "settings.json");
    writeFileSync(settings, JSON.stringify({ telemetryOptOut: true, autoUpdateEnabled: false }));
    const run = (...words: string[]) => stage.run(["cline", ...words], { CLINE_GLOBAL_SETTINGS_PATH: settings });
    await write(stage, "cline");
    await run("--json", prompt);
    checkContinued(stage);
  },
};
