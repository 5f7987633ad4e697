/** Clients from npm, each in a folder that its versions name: never among our own dependencies. */

import { existsSync } from "node:fs";
import { mkdtemp, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { openShelf } from "../support/shelf.ts";

/**
 * Installs packages, unless they are there from an earlier run, and returns the folder of their commands. No script of
 * theirs runs. Throws with npm's own words when they can't be had.
 */
export async function install(packages: Readonly<Record<string, string>>): Promise<string> {
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const folder = join(await openShelf("clients"), names.join("+").replaceAll("/", "~"));
  if (!existsSync(folder)) await installInto(folder, Object.entries(packages).map(specOf));
  return join(folder, "node_modules/.bin");
}

const machine = `${process.platform}-${process.arch}`;

/** The package `node` has its binary only by a script; what the script would fetch is a package, too. */
function specOf([name, version]: [name: string, version: string]): string {
  return name === "node" ? `node@npm:node-${machine}@${version}` : `${name}@${version}`;
}

/** Commands that a script would put where they belong, and where they are without it. */
const native: Readonly<Record<string, string>> = {
  claude: `@anthropic-ai/claude-code-${machine}/claude`,
  opencode: `opencode-${machine}/bin/opencode`,
};

async function linkNative(modules: string): Promise<void> {
  for (const [command, path] of Object.entries(native)) {
    if (!existsSync(join(modules, path))) continue;
    await rm(join(modules, ".bin", command));
    await symlink(join("..", path), join(modules, ".bin", command));
  }
}

/** The folder is there at once and whole, or not at all. */
async function installInto(folder: string, specs: readonly string[]): Promise<void> {
  const draft = await mkdtemp(`${folder}.`);
  try {
    const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
    const npm = Bun.spawn(["npm", "install", "--prefix", draft, ...options, ...specs], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
    });
    const said = await new Response(npm.stderr).text();
    if ((await npm.exited) !== 0) throw new Error(`it can't be installed: ${said.trim()}`);
    await linkNative(join(draft, "node_modules"));
    await rename(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
