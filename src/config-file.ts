import { readFileSync, statSync } from "node:fs";
import { StartError } from "./error.ts";
import { openToAnyone } from "./trust.ts";

/** No config file needs nearly as much (bytes). */
const largest = 1_000_000;

/**
 * The keys and values of a config file; none where it is missing and need not be there. Throws a StartError that says what
 * is wrong with it. It names a program to run, so nobody but the user and the system may have a say in it.
 */
export function readConfigFile(path: string, required: boolean): [key: string, value: unknown][] {
  const text = readText(path, required);
  let parsed: unknown;
  try {
    parsed = Bun.YAML.parse(text);
  } catch (error) {
    const [reason] = String((error as Error).message).split("\n");
    throw refused(path, `is not valid YAML (${reason})`);
  }
  if (parsed === null || parsed === undefined) return [];
  if (typeof parsed === "object" && !Array.isArray(parsed)) return Object.entries(parsed);
  throw refused(path, 'must hold lines such as "port: 3456"');
}

function readText(path: string, required: boolean): string {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw refused(path, "is a directory");
    // A pipe might never end.
    if (!stat.isFile()) throw refused(path, "is no regular file");
    if (stat.size > largest) throw refused(path, `is larger than ${largest} bytes`);
    const open = openToAnyone(path);
    if (open !== undefined) throw refused(path, `is not safe: any user can change ${open}; \`chmod o-w\` it`);
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof StartError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && !required) return "";
    throw refused(path, code === "ENOENT" ? "does not exist" : `cannot be read (${code})`);
  }
}

function refused(path: string, reason: string): StartError {
  return new StartError("usage", `The config file ${path} ${reason}.`);
}
