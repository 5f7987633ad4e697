/** The configuration: is it right, and is it what was meant? */

import { existsSync } from "node:fs";
import { type LoadedConfig, type LoadOptions, loadConfig } from "../config.ts";
import { nearest } from "../nearest.ts";
import { configFile, nativeConfigFile, options as table, variablesOf } from "../options.ts";
import { type Finding, ok, problemOf, quote, warning } from "./finding.ts";

/** Reads the configuration that `sluice serve …args` would have; the defaults where it would refuse it. */
export function readConfiguration(
  args: readonly string[],
  options: LoadOptions = {},
): { loaded: LoadedConfig; findings: Finding[] } {
  try {
    const loaded = loadConfig(args, options);
    const { file, warnings } = loaded;
    const read = existsSync(file) ? `${file} is right.` : `There is no config file (${file}), and none is needed.`;
    return {
      loaded,
      findings: [ok(read), ...warnings.map((sentence) => warning(`${sentence}.`)), ...strangers(loaded)],
    };
  } catch (error) {
    const loaded = loadConfig([], { ...options, bare: true });
    const file = /^(?:The config file )?(\/.+?)(?:: | )/.exec((error as Error).message)?.[1];
    return { loaded, findings: [problemOf(error, file && `\${EDITOR:-vi} ${quote(file)}`), ...strangers(loaded)] };
  }
}

/** Sluice's variables of this environment that it does not know. */
function strangers({ config: { env } }: LoadedConfig): Finding[] {
  const known = [...Object.values(table), configFile, nativeConfigFile].flatMap(variablesOf);
  // Its own, and those that the tests find processes by.
  const own = /^SLUICE_(INSTANCE|PROCESS|TEST)$/;
  return Object.keys(env)
    .filter((name) => name.startsWith("SLUICE_") && !known.includes(name) && !own.test(name))
    .map((name) => {
      const meant = nearest(name, known);
      const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
      return warning(`${name} is set, which Sluice does not know.${hint}`, `unset ${name}`);
    });
}
