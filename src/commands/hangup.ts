/** SIGHUP: the configuration is to be read again, or the terminal is gone. */

import { isatty } from "node:tty";
import { type Config, loadConfig } from "../config.ts";
import type { ConfigurableLog } from "../log.ts";
import { reloadConfig } from "../reload.ts";
import type { RunningServer } from "../server.ts";
import { followConfig } from "./logging.ts";

/** The kernel signals a shell's children before it gives them another parent: how long that may take at most (milliseconds). */
const orphaningMs = 250;

/**
 * Calls `reload` at each SIGHUP but the one that comes with the end of the terminal, or of the shell that runs in it: that
 * ends the process, as usual.
 */
export function onHangup(reload: () => void): void {
  // On Windows it only ever means that the console is closed, which ends Sluice.
  if (process.platform === "win32") return;
  const terminals = () => [0, 1, 2].filter((descriptor) => isatty(descriptor)).length;
  const before = terminals();
  const parent = process.ppid;
  const decide = () => {
    if (terminals() === before && process.ppid === parent) return reload();
    process.off("SIGHUP", hangup);
    process.kill(process.pid, "SIGHUP");
  };
  const hangup = () => {
    if (before === 0) reload();
    else setTimeout(decide, orphaningMs);
  };
  process.on("SIGHUP", hangup);
}

/**
 * Reads the configuration again, and has the server and the log follow it. Returns the one that counts from now on: where
 * the new one is wrong, that is told, and all stays as it is.
 */
export function readAgain(
  rawArgs: readonly string[],
  running: Config,
  server: RunningServer,
  log: ConfigurableLog,
): Config {
  try {
    const { config: next, warnings } = loadConfig(rawArgs);
    const { config, changed, restart } = reloadConfig(running, next);
    server.reload(config);
    followConfig(log, config);
    for (const warning of warnings) log.warn(warning);
    log.info("The configuration was read again", { changed: changed.join(), only_after_restart: restart.join() });
    return config;
  } catch (error) {
    log.error("The configuration can't be read again: it stays as it is", { reason: (error as Error).message });
    return running;
  }
}
