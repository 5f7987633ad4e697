import { type ArgsDef, defineCommand } from "citty";
import { type LoadedConfig, loadConfig } from "../config.ts";
import { escapeControls } from "../log.ts";
import { type Option, options, type Setting } from "../options.ts";
import { helpArgs } from "./args.ts";

export const config = defineCommand<ArgsDef>({
  meta: { name: "config", description: "Show each option's value and where it came from" },
  args: { ...helpArgs(), json: { type: "boolean", description: "Print JSON" } },
  run({ rawArgs }) {
    const loaded = loadConfig(rawArgs.filter((arg) => arg !== "--json"));
    console.log(rawArgs.includes("--json") ? asJson(loaded) : asText(loaded));
  },
});

interface Row {
  flag: string;
  value: unknown;
  /** The value as it could be typed. */
  shown: string;
  source: string;
}

function rows({ config: values, sources }: LoadedConfig): Row[] {
  return (Object.keys(options) as Setting[]).map((name) => {
    const option: Option<unknown> = options[name];
    const value = option.secret && values[name] !== undefined ? "********" : values[name];
    return { flag: option.flag, value, shown: show(value, option), source: sources[name] };
  });
}

function asJson(loaded: LoadedConfig): string {
  const entries = rows(loaded).map(({ flag, value = null, source }) => [flag, { value, source }]);
  return JSON.stringify({ file: loaded.file, options: Object.fromEntries(entries) }, undefined, 2);
}

function asText(loaded: LoadedConfig): string {
  const lines = rows(loaded).map(({ flag, shown, source }) => [flag, shown, source] as const);
  const width = (column: 0 | 1) => Math.max(...lines.map((line) => line[column].length));
  return [
    ...lines.map(([flag, value, source]) => `${flag.padEnd(width(0))}  ${value.padEnd(width(1))}  (${source})`),
    `Config file: ${loaded.file}`,
  ].join("\n");
}

function show(value: unknown, { schema }: Option<unknown>): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return "-";
  return escapeControls(Array.isArray(value) ? value.join(",") : (schema.show?.(value) ?? String(value)));
}
