import type { ArgsDef } from "citty";
import { configFile, type Option, options } from "../options.ts";

/** The options as citty describes them in a help text. It parses nothing for us: it lets unknown flags pass. */
export function helpArgs(): ArgsDef {
  const all: Option<unknown>[] = [...Object.values(options), configFile];
  return Object.fromEntries(
    all.flatMap(({ flag, description, hint, fallback, switch: isSwitch, shorthands = {} }) => [
      isSwitch
        ? [flag, { type: "boolean", description }]
        : [flag, { type: "string", description, valueHint: hint, ...(fallback ? { default: fallback } : {}) }],
      ...Object.entries(shorthands).map(([name, value]) => [
        name,
        { type: "boolean", description: `The same as --${flag} ${value}` },
      ]),
    ]),
  );
}
