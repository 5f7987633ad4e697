/** The programs that are no part of this project. */

import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What an installation may take (milliseconds). */
const patience = 180_000;

export const portkeyVersion = "1.15.2";
const portkeyFolder = join(tmpdir(), `sluice-bench-portkey-${portkeyVersion}`);
export const portkeyProgram = join(portkeyFolder, "node_modules/@portkey-ai/gateway/build/start-server.js");

/** Installs what is absent: nginx and wrk from the distribution, and portkey into a folder of its own. */
export async function install(): Promise<void> {
  const absent = ["nginx", "wrk"].filter((name) => find(name) === undefined);
  if (absent.length > 0) {
    const advice = `apt-get install ${absent.join(" ")}`;
    if (Bun.which("apt-get") === null || process.getuid?.() !== 0) {
      throw new Error(`nginx and wrk are needed, and can only be installed by root on Debian or its like: ${advice}`);
    }
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    await run(["apt-get", "update", "-qq"], { env });
    await run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...absent], { env });
  }
  if (!existsSync(portkeyProgram)) {
    await Bun.write(join(portkeyFolder, "package.json"), "{}");
    const wanted = `@portkey-ai/gateway@${portkeyVersion}`;
    await run([process.execPath, "add", "--exact", "--ignore-scripts", wanted], { cwd: portkeyFolder });
  }
}

export function nginxProgram(): string {
  return find("nginx") ?? "nginx";
}

/** Debian has servers where only root looks. */
function find(name: string): string | undefined {
  return Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` }) ?? undefined;
}

async function run(command: string[], options: { cwd?: string; env?: Record<string, string | undefined> }) {
  const child = Bun.spawn(command, {
    ...options,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: patience,
  });
  const complaint = (await new Response(child.stderr).text()).trim();
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed: ${complaint}`);
}
