/** Packages of npm's that are measured beside Sluice, each in a folder of its own that is kept for the next time. */

import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Package {
  readonly name: string;
  readonly version: string;
}

/** What an installation may take (milliseconds). */
const patience = 180_000;

/** Where a package is, once it is installed. */
export function packageFolder({ name, version }: Package): string {
  return join(cacheOf({ name, version }), "node_modules", name);
}

/** Installs a package, unless it is there. Its scripts are not run. */
export async function installPackage({ name, version }: Package): Promise<void> {
  if (existsSync(packageFolder({ name, version }))) return;
  const cwd = cacheOf({ name, version });
  await Bun.write(join(cwd, "package.json"), "{}");
  await run([process.execPath, "add", "--exact", "--ignore-scripts", `${name}@${version}`], { cwd });
}

function cacheOf({ name, version }: Package): string {
  return join(tmpdir(), `sluice-bench-${name.replaceAll(/[^a-z-]/g, "-")}-${version}`);
}

/** Runs a command to its end; throws with what it complained of where it fails. */
export async function run(command: string[], options: { cwd?: string; env?: Record<string, string | undefined> }) {
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
