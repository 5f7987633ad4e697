/** Where Sluice keeps what outlives it. */

import { homedir } from "node:os";
import { join } from "node:path";

/** The state folder: `$XDG_STATE_HOME/sluice`, on macOS below Application Support. */
export function stateFolder(env: Readonly<Record<string, string>>): string {
  const home = env["HOME"] ?? homedir();
  if (env["XDG_STATE_HOME"]) return join(env["XDG_STATE_HOME"], "sluice");
  if (process.platform === "darwin") return join(home, "Library/Application Support/sluice");
  return join(home, ".local/state/sluice");
}
