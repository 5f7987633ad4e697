import { defineCommand } from "citty";
import manifest from "../../package.json" with { type: "json" };
import { type Config, loadConfig } from "../config.ts";
import { placeholderKey } from "../engine/own-address.ts";
import { exportLine } from "../environment.ts";
import { StartError } from "../error.ts";
import type { Log } from "../log.ts";
import { startServer } from "../server.ts";
import { helpArgs } from "./args.ts";
import { onHangup, readAgain } from "./hangup.ts";
import { openLog } from "./logging.ts";
import { checkNative, raiseRequestLimit } from "./native.ts";

export const serve = defineCommand({
  meta: { name: "serve", description: "Answer API requests with Claude Code (the default)" },
  args: helpArgs(),
  async run({ rawArgs }) {
    const loaded = loadConfig(rawArgs);
    let { config } = loaded;
    if (usesNative(config)) raiseRequestLimit(config);
    const log = openLog(loaded);
    if (usesNative(config)) checkNative(loaded, log);
    const stopped = stopSignal(config);

    const server = await startServer(config, log);
    onHangup(() => (config = readAgain(rawArgs, config, server, log)));
    console.log(`Sluice ${manifest.version} listening on ${server.url}`);
    if (usesNative(config)) console.log(`Upstream ${config.upstream}${config.mode === "native" ? "" : " (fallback)"}`);
    try {
      if (config.mode === "subprocess") await Promise.race([checkClaude(config, server.port, log), stopped]);
    } catch (error) {
      await server.stop();
      throw error;
    }
    console.log(clientLines(server.url, config).join("\n"));
    // Where nobody asks for it, libc is not opened.
    const manager = config.env["NOTIFY_SOCKET"] && (await import("../service/notify.ts")).openNotifier(config.env);
    if (manager) manager.ready(`Listening on ${server.url}`);
    await stopped;
    if (manager) manager.stopping();
    await server.stop(config.drainTimeout / 1000);
  },
});

/** What to export for the client programs. Never holds the client key. */
export function clientLines(url: string, { clientKey }: Config): string[] {
  const key = clientKey === undefined ? placeholderKey : "<your client key>";
  return [
    "",
    "For your clients:",
    exportLine("ANTHROPIC_BASE_URL", url),
    exportLine("ANTHROPIC_API_KEY", key),
    exportLine("OPENAI_BASE_URL", `${url}/v1`),
    exportLine("OPENAI_API_KEY", key),
  ];
}

/** On Windows these are Ctrl-C, Ctrl-Break and a console that is closed: nothing else can be heard there. */
const endings: readonly NodeJS.Signals[] =
  process.platform === "win32" ? ["SIGINT", "SIGBREAK", "SIGHUP"] : ["SIGINT", "SIGTERM"];

/**
 * Resolves at the first SIGINT or SIGTERM, or when the parent is gone and that counts. A second signal ends the process
 * at once: nobody listens for it any more.
 */
export function stopSignal({ exitWithParent }: Config): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const parent = process.ppid;
  // A killed parent says nothing; its children get another one.
  const watch = exitWithParent ? setInterval(() => process.ppid !== parent && stop(), 500) : undefined;
  const stop = () => {
    clearInterval(watch);
    for (const signal of endings) process.off(signal, stop);
    resolve();
  };
  for (const signal of endings) process.on(signal, stop);
  return promise;
}

function usesNative({ mode, fallback }: Config): boolean {
  return mode === "native" || fallback === "native";
}

/** Says which Claude Code answers, or throws a StartError if none can. */
async function checkClaude(config: Config, ownPort: number, log: Log): Promise<void> {
  // Not before Sluice listens.
  const { authStatus, locate, readVersion, testedVersion } = await import("../engine/claude/locate.ts");
  const { childEnvironment } = await import("../engine/claude/environment.ts");
  const path = locate(config);
  // Its warnings are the engine's to log.
  const { env } = childEnvironment(config, ownPort);
  const version = await readVersion(path, env);
  console.log(`Claude Code ${version} (${path})`);
  if (version !== testedVersion) log.warn(`Claude Code ${version} is untested: ${testedVersion} is known to work`);

  const { loggedIn } = await authStatus(path, env);
  if (loggedIn) return;
  const advice = "Claude Code is not logged in: run `claude auth login`.";
  if (config.fallback === "none") throw new StartError("not_logged_in", advice);
  log.warn(advice);
}
