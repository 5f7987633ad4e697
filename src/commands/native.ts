/** What `sluice serve` sees to before it opens the door for native mode. */

import type { Config, LoadedConfig } from "../config.ts";
import { createAuthorize } from "../engine/anthropic/credentials.ts";
import { openIdentity } from "../engine/anthropic/redact-identity.ts";
import { pointsAt } from "../engine/own-address.ts";
import { StartError } from "../error.ts";
import type { Log } from "../log.ts";
import { stateFolder } from "../state.ts";

/** Bun sends so many requests at once, and reads the number when it starts; 256 where nothing is said. */
const limit = "BUN_CONFIG_MAX_HTTP_REQUESTS";
const most = "65535";

/** Checks what native mode needs, as the first mode or as the fallback. Throws a StartError where it can't work. */
export function checkNative({ config }: LoadedConfig, log: Log): void {
  const { host, port, upstream, apiKey, authToken } = config;
  if (pointsAt(upstream, host, port)) {
    throw new StartError(
      "usage",
      `The upstream ${upstream} is Sluice itself: unset ANTHROPIC_BASE_URL, or name another with --upstream URL.`,
    );
  }
  createAuthorize(config);
  if (config.redact) checkIdentity(config);
  const { protocol, hostname } = new URL(upstream);
  const near = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
  if (protocol === "http:" && !near && (apiKey ?? authToken) !== undefined) {
    log.warn(`The upstream ${upstream} is reached without TLS: whoever is on the way can read the key`);
  }
}

function checkIdentity({ env }: Config): void {
  try {
    openIdentity(stateFolder(env), env);
  } catch (error) {
    throw new StartError("usage", `--redact needs a secret of its own: ${(error as Error).message}.`);
  }
}

/**
 * Starts this program once more in the same process, where its environment keeps Bun from serving many at a time. Windows has
 * no such start, and stays with what Bun does by itself.
 */
export function raiseRequestLimit({ env }: Config): void {
  if (env[limit] !== undefined || process.platform === "win32") return;
  const [program = process.execPath, script, ...args] = process.argv;
  // In the executable the second one is a path inside of it.
  const rest = Bun.main.startsWith("/$bunfs/") ? args : [...process.execArgv, script ?? Bun.main, ...args];
  process.execve?.(process.execPath, [program, ...rest], { ...env, [limit]: most });
}
