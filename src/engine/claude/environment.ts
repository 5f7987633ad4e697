import type { Config } from "../../config.ts";
import { placeholderKey, pointsAt } from "../own-address.ts";

export interface ChildEnvironment {
  env: Record<string, string>;
  /** What was taken away that the person may miss. */
  warnings: string[];
}

/** What Claude Code may see of the person's environment. `*` stands for any letters. */
const allowed = [
  "PATH HOME USER SHELL LANG LC_* TERM TMPDIR XDG_*",
  "CLAUDE_CONFIG_DIR CLAUDE_CODE_OAUTH_TOKEN",
  "ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN ANTHROPIC_BASE_URL ANTHROPIC_DEFAULT_*_MODEL",
  "CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY AWS_* GOOGLE_* AZURE_*",
  "HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy",
  "NODE_EXTRA_CA_CERTS SSL_CERT_*",
];

/** Without these no program of Windows starts, or finds its files; by the last one Claude Code finds its shell. */
const allowedOnWindows = [
  "SYSTEMROOT SYSTEMDRIVE WINDIR COMSPEC PATHEXT TEMP TMP OS NUMBER_OF_PROCESSORS PROCESSOR_* COMPUTERNAME",
  "USERPROFILE USERNAME USERDOMAIN HOMEDRIVE HOMEPATH APPDATA LOCALAPPDATA PROGRAMDATA ALLUSERSPROFILE PUBLIC",
  "PROGRAMFILES PROGRAMW6432 COMMONPROGRAMFILES CLAUDE_CODE_GIT_BASH_PATH",
];

const anyOf = (lists: readonly string[]) =>
  new RegExp(`^(${lists.join(" ").replaceAll(" ", "|").replaceAll("*", "\\w+")})$`);

/** How Claude Code must behave behind Sluice. Nothing overrides these. */
const switches = {
  // Unknown tools would be searched for instead of offered, and ours would carry a prefix.
  ENABLE_TOOL_SEARCH: "false",
  CLAUDE_AGENT_SDK_MCP_NO_PREFIX: "1",
  // It ends when Sluice ends, however that happens.
  BUN_FEATURE_FLAG_NO_ORPHANS: "1",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_TELEMETRY: "1",
  DISABLE_AUTOUPDATER: "1",
  // What was asked is what is sent: no summaries, no second try whose text would come twice, few silent retries.
  DISABLE_AUTO_COMPACT: "1",
  CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: "1",
  CLAUDE_CODE_MAX_RETRIES: "2",
  // When an answer is whole, so is its turn: no work goes on behind it.
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: "1",
  CLAUDE_CODE_DISABLE_CRON: "1",
  // How long a prompt may be, and which models there are, is the upstream's to say.
  CLAUDE_CODE_BLOCKING_LIMIT_OVERRIDE: "1000000000",
  CLAUDE_CODE_DISABLE_LEGACY_MODEL_REMAP: "1",
  // "@/etc/hostname" in a message is text, not a file to read.
  CLAUDE_CODE_DISABLE_ATTACHMENTS: "1",
};

/**
 * The whole environment of a Claude Code process. `ownPort` is where this Sluice listens. On Windows, where the case of a
 * name says nothing, a Config has them in capitals.
 */
export function childEnvironment(config: Config, ownPort: number): ChildEnvironment {
  const windows = process.platform === "win32";
  const allowedName = windows ? anyOf([...allowed, ...allowedOnWindows]) : anyOf(allowed);
  const asked = windows ? config.passEnv.map((name) => name.toUpperCase()) : config.passEnv;
  const passed = Object.entries(config.env).filter(([name]) => allowedName.test(name) || asked.includes(name));
  const env: Record<string, string> = { ...Object.fromEntries(passed), ...switches };
  const warnings: string[] = [];

  if (pointsAt(env["ANTHROPIC_BASE_URL"], config.host, ownPort)) {
    delete env["ANTHROPIC_BASE_URL"];
    warnings.push("ANTHROPIC_BASE_URL points at Sluice itself, so Claude Code does not get it.");
  }
  for (const name of ["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]) {
    if (env[name] === undefined || ![placeholderKey, config.clientKey].includes(env[name])) continue;
    delete env[name];
    warnings.push(`${name} is a key for Sluice, not for Anthropic, so Claude Code does not get it.`);
  }
  return { env, warnings };
}
