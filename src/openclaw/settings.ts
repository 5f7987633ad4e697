import manifest from "./openclaw.plugin.json" with { type: "json" };

export const id = manifest.id;

/** The plugin's config, as openclaw.plugin.json describes it. */
export interface Settings {
  readonly autoStart: boolean;
  readonly autoRestart: boolean;
  readonly restartDelayMs: number;
  readonly host: string;
  readonly port: number;
  /** A program and its first arguments; empty: the one that is found. */
  readonly command: readonly string[];
  /** Empty: those that Sluice lists. */
  readonly models: readonly string[];
}

const properties = Object.entries(manifest.configSchema.properties);
const defaults = Object.fromEntries(properties.map(([name, property]) => [name, property.default]));

/** The plugin's config with its defaults. OpenClaw has checked it against the schema. */
export function readSettings(config: Readonly<Record<string, unknown>> = {}): Settings {
  return { ...defaults, ...config } as unknown as Settings;
}

/** Where Sluice listens, without a slash at the end. */
export function addressOf({ host, port }: Pick<Settings, "host" | "port">): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
