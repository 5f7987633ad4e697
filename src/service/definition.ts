/** What is to run as a service: the same as `sluice serve` here and now, wherever and whenever it is started. */

import { realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import type { Config, LoadedConfig } from "../config.ts";
import { childEnvironment } from "../engine/claude/environment.ts";
import { locate } from "../engine/claude/locate.ts";
import { StartError } from "../error.ts";
import { isSecret } from "../log.ts";
import { options, type Setting } from "../options.ts";

export interface Definition {
  /** The program, an absolute path, and its arguments. */
  readonly command: readonly string[];
  /** Variables that it gets beside those of the service manager. Never a secret. */
  readonly env: Readonly<Record<string, string>>;
  /** Whether Claude Code works with tools of its own: then less may be taken from it. */
  readonly agent: boolean;
  /** The directory that it works in. */
  readonly cwd: string | undefined;
  /** Where it logs, if not to the service manager. */
  readonly logFile: string | undefined;
  /** How long running answers may take to end when it is stopped (milliseconds). */
  readonly drainTimeout: number;
}

/** Variables of a session that mean the same tomorrow and elsewhere. `*` stands for any letters. */
const lasting = [
  "LANG LC_* XDG_CONFIG_HOME XDG_STATE_HOME XDG_DATA_HOME XDG_CACHE_HOME CLAUDE_CONFIG_DIR",
  "ANTHROPIC_BASE_URL ANTHROPIC_DEFAULT_*_MODEL CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY",
  "AWS_* GOOGLE_* AZURE_* HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy",
  "NODE_EXTRA_CA_CERTS SSL_CERT_*",
].join(" ");
const lastingName = new RegExp(`^(${lasting.replaceAll(" ", "|").replaceAll("*", "\\w+")})$`);

/**
 * What `sluice service install …args` installs, and sentences on what of this shell is left behind. Throws a StartError where
 * it could not run as a service, or only with a secret in a file that is no place for one. `logFile` is where it logs by default.
 */
export function defineService(
  loaded: LoadedConfig,
  args: readonly string[],
  logFile?: string,
): { definition: Definition; warnings: string[] } {
  const { config, sources } = loaded;
  refuseSecrets(loaded);
  if (config.port === 0) throw new StartError("usage", "A service needs a port that stays: --port PORT.");
  const usesClaude = config.mode === "subprocess";
  const { rest, taken } = takeFlags(args, ["claude", "cwd", "config", "native-config", "log-file"]);
  const nativeConfig = taken.get("native-config") ?? config.env["SLUICE_NATIVE_CONFIG"];
  // What stands in the config file is read there each time.
  const given = (name: Setting) => sources[name].startsWith("--") || sources[name] in config.env;
  const logs = config.logFile === undefined ? logFile : resolve(config.logFile);
  const pins = {
    claude: usesClaude ? locate(config) : undefined,
    cwd: given("cwd") ? config.cwd : undefined,
    config: taken.has("config") || config.env["SLUICE_CONFIG"] ? resolve(loaded.file) : undefined,
    "native-config": nativeConfig && resolve(nativeConfig),
    "log-file": config.logFile === undefined || given("logFile") ? logs : undefined,
  };
  const pinned = Object.entries(pins).flatMap(([flag, path]) => (path ? [`--${flag}=${path}`] : []));
  const { env, warnings } = keptEnvironment(config, sources);
  const { agent, cwd, drainTimeout } = config;
  const command = [...ownCommand(config), "serve", ...rest, ...pinned];
  refuseControls([...command, ...Object.values(env)]);
  return { definition: { command, env, agent, cwd, logFile: logs, drainTimeout }, warnings };
}

/** A PATH for what is started elsewhere: relative folders would be others there. */
export function lastingPath(config: Pick<Config, "env">): string {
  const folders = (config.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  return [...new Set(folders)].join(delimiter);
}

/** The config file is the place for secrets: nobody else needs to read it. */
function refuseSecrets({ config, sources, file }: LoadedConfig): void {
  const secrets = (Object.keys(options) as Setting[]).filter((name) => options[name].secret);
  const given = secrets.find((name) => sources[name].startsWith("--") || sources[name] in config.env);
  if (given === undefined) return;
  const source = sources[given];
  throw new StartError(
    "usage",
    `${source} holds a secret, which has no place in the definition of a service: write \`${options[given].flag}: …\` into ${file}, \`chmod 600\` it, and leave ${source} out.`,
  );
}

/** No file of a service manager's has a place for them. */
function refuseControls(texts: readonly string[]): void {
  const unfit = texts.find((text) => /\p{Cc}/u.test(text));
  if (unfit === undefined) return;
  throw new StartError(
    "usage",
    `${JSON.stringify(unfit)} holds a control character, which the definition of a service can't.`,
  );
}

/** Takes flags that have a value out of arguments that are known to be right. */
function takeFlags(args: readonly string[], names: readonly string[]): { rest: string[]; taken: Map<string, string> } {
  const rest: string[] = [];
  const taken = new Map<string, string>();
  const open = [...args];
  for (let arg = open.shift(); arg !== undefined; arg = open.shift()) {
    const [flag = "", ...value] = arg.split("=");
    const name = names.find((one) => flag === `--${one}`);
    if (name === undefined) rest.push(arg);
    else taken.set(name, value.length > 0 ? value.join("=") : (open.shift() ?? ""));
  }
  return { rest, taken };
}

function keptEnvironment(
  config: Config,
  sources: LoadedConfig["sources"],
): { env: Record<string, string>; warnings: string[] } {
  // Without what is for Sluice's own clients.
  const passed = childEnvironment(config, config.port).env;
  const all = Object.entries(passed).filter(([name, value]) => config.env[name] === value);
  const names = ([name]: [string, string]) => lastingName.test(name) || config.passEnv.includes(name) || isSecret(name);
  const candidates = all.filter(names);
  const secret = ([name, value]: [string, string]) => isSecret(name) || hasPassword(value);
  const own = Object.values(sources).flatMap((name) => (name in config.env ? [[name, config.env[name] ?? ""]] : []));
  return {
    env: {
      PATH: lastingPath(config),
      ...Object.fromEntries(candidates.filter((entry) => !secret(entry))),
      ...(Object.fromEntries(own) as Record<string, string>),
    },
    warnings: candidates
      .filter(secret)
      .map(
        ([name]) =>
          `${name} holds a secret and is not kept: the service does without it, with the login of \`claude auth login\`.`,
      ),
  };
}

function hasPassword(value: string): boolean {
  return URL.canParse(value) && new URL(value).password !== "";
}

/** How this program is started, by a name that an update leaves as it is. */
function ownCommand(config: Config): string[] {
  if (!Bun.main.startsWith("/$bunfs/")) {
    if (/\/(bunx-[^/]*|_npx)\//.test(Bun.main)) throw temporary(Bun.main);
    return [process.execPath, "--no-env-file", Bun.main];
  }
  if (/\/(bunx-[^/]*|_npx)\//.test(process.execPath)) throw temporary(process.execPath);
  // Homebrew's own folder carries the version, the link in PATH does not.
  const named = Bun.which("sluice", { PATH: lastingPath(config) });
  return [named !== null && realpathSync(named) === realpathSync(process.execPath) ? named : process.execPath];
}

function temporary(path: string): StartError {
  return new StartError(
    "service_failed",
    `This Sluice lies in a folder that may be gone tomorrow (${dirname(path)}): install it first, with \`npm install -g claude-sluice\`, and then the service.`,
  );
}
