import { readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homeOf } from "../../environment.ts";

/**
 * Removes what a CLI process that was killed could not remove itself (cli-protocol.md section 9): its entries in
 * `sessions`, which are named by its process id, and its socket. Nothing in them is read.
 */
export async function sweep(pid: number, env: Readonly<Record<string, string>>): Promise<void> {
  const home = env["CLAUDE_CONFIG_DIR"] ?? join(homeOf(env), ".claude");
  const folders = [join(home, "sessions"), join(env["TMPDIR"] ?? tmpdir(), "cc-socks")];
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => []);
    const left = names.filter((name) => name.startsWith(`${pid}.`));
    await Promise.all(left.map((name) => rm(join(folder, name), { force: true })));
  }
}
