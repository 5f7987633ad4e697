/** Which Sluice is started. */

import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, isAbsolute, join, resolve } from "node:path";

export interface Program {
  /** An absolute path, as OpenClaw wants it. */
  readonly command: string;
  readonly args: readonly string[];
}

/**
 * The program of the setting `command`, else the one that came with the plugin, else `sluice` on PATH. `root` is the
 * plugin's package as it is installed: OpenClaw may run a copy of it that is gone a moment later.
 */
export function findProgram(
  command: readonly string[],
  root: string | undefined,
  path = process.env["PATH"] ?? "",
): Program | undefined {
  const [name, ...args] = command;
  const found = name === undefined ? (bundled(root) ?? onPath("sluice", path)) : onPath(name, path);
  return found === undefined ? undefined : { command: found, args };
}

/** What the package `claude-sluice` calls `sluice`. */
function bundled(root: string | undefined): string | undefined {
  if (root === undefined) return undefined;
  try {
    const require = createRequire(join(root, "package.json"));
    const manifest = require.resolve("claude-sluice/package.json");
    const { bin } = require(manifest) as { bin: { sluice: string } };
    return runnable(join(dirname(manifest), bin.sluice));
  } catch {
    return undefined;
  }
}

function onPath(name: string, path: string): string | undefined {
  if (isAbsolute(name)) return runnable(name);
  if (name.includes("/")) return runnable(resolve(name));
  const names = process.platform === "win32" ? [`${name}.exe`, name] : [name];
  const candidates = path.split(delimiter).filter(isAbsolute);
  return candidates
    .flatMap((folder) => names.map((one) => runnable(join(folder, one))))
    .find((found) => found !== undefined);
}

/** The path itself, when it can be run. */
function runnable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
