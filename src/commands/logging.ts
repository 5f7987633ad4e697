import { concealer } from "../conceal.ts";
import type { Config, LoadedConfig } from "../config.ts";
import { openLogFile } from "../log-file.ts";
import { type ConfigurableLog, createLog } from "../log.ts";

/** The log that a configuration asks for, and in it what there is to say of that, and failures that nobody hears. */
export function openLog({ config, warnings }: Pick<LoadedConfig, "config" | "warnings">): ConfigurableLog {
  const log = createLog(config.logLevel, config.logFile === undefined ? undefined : openLogFile(config.logFile));
  followConfig(log, config);
  for (const warning of warnings) log.warn(warning);
  // A bug, for which nobody else's request ends. Bun's own words would stand beside the log, secrets and all.
  process.on("unhandledRejection", (cause) => log.error("A failure that nobody waited for", { cause }));
  return log;
}

/** Has a log follow a configuration. */
export function followConfig(log: ConfigurableLog, config: Config): void {
  log.configure(config, concealer(config));
  if (config.logBodies) log.warn("Prompts and answers are written to this log (--log-bodies)");
}
