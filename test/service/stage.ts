/** A person who installs a service, where the manager of services is a pretence, and a Sluice that answers already. */

import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { startServer } from "../../src/server.ts";
import { scriptedClaude } from "../support/command.ts";
import { temporaryFolder } from "../support/environment.ts";
import { type FakePrograms, fakePrograms } from "../support/fake-manager.ts";

export interface Stage extends AsyncDisposable {
  readonly home: string;
  readonly env: Record<string, string>;
  readonly programs: FakePrograms;
  /** Where a Sluice answers: what the manager is told to start need not run for it. */
  readonly port: number;
  /** A Claude Code that would do. */
  readonly claude: string;
}

/** Sets a stage with these programs; it is gone with the scope. */
export async function setStage(scripts: Readonly<Record<string, string>>): Promise<Stage> {
  const folder = await temporaryFolder();
  const home = folder.path;
  const programs = fakePrograms(join(home, "fake-manager"), scripts);
  const env = {
    HOME: home,
    USER: "somebody",
    PATH: programs.path,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_STATE_HOME: join(home, ".local/state"),
  };
  const { config } = loadConfig(["--port", "0"], { mode: "echo", env });
  const server = await startServer(config, createLog("silent"));
  programs.write("pid", String(process.pid));
  return {
    home,
    env,
    programs,
    port: server.port,
    claude: scriptedClaude(home, { version: "echo 9.9.9", auth: `echo '{"loggedIn":true}'` }),
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
