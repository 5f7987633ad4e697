/** The programs that are no part of this project. */

import { join } from "node:path";
import { findProgram, installPrograms } from "../../support/debian.ts";
import { installPackage, packageFolder } from "../install.ts";

export const portkeyVersion = "1.15.2";
const portkeyPackage = { name: "@portkey-ai/gateway", version: portkeyVersion };
export const portkeyProgram = join(packageFolder(portkeyPackage), "build/start-server.js");

export async function installPortkey(): Promise<void> {
  await installPackage(portkeyPackage);
}

/** Installs what is absent: nginx and wrk from the distribution, and portkey into a folder of its own. */
export async function install(): Promise<void> {
  await installPrograms({ nginx: "nginx", wrk: "wrk" });
  await installPortkey();
}

export function nginxProgram(): string {
  return findProgram("nginx") ?? "nginx";
}
