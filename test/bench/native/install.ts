/** The programs that are no part of this project. */

import { join } from "node:path";
import { installPackage, packageFolder, run } from "../install.ts";

export const portkeyVersion = "1.15.2";
const portkeyPackage = { name: "@portkey-ai/gateway", version: portkeyVersion };
export const portkeyProgram = join(packageFolder(portkeyPackage), "build/start-server.js");

export async function installPortkey(): Promise<void> {
  await installPackage(portkeyPackage);
}

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
  await installPortkey();
}

export function nginxProgram(): string {
  return find("nginx") ?? "nginx";
}

/** Debian has servers where only root looks. */
function find(name: string): string | undefined {
  return Bun.which(name, { PATH: `${process.env["PATH"]}:/usr/sbin:/sbin` }) ?? undefined;
}
