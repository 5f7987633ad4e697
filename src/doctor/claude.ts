/** Claude Code: is it there, does it work, is it logged in? In native mode: are there credentials for the upstream? */

import type { Config } from "../config.ts";
import { createAuthorize } from "../engine/anthropic/credentials.ts";
import { childEnvironment } from "../engine/claude/environment.ts";
import { authStatus, locate, readVersion, testedVersion } from "../engine/claude/locate.ts";
import { pointsAt } from "../engine/own-address.ts";
import { exitCodes, StartError } from "../error.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** What each question to Claude Code may take (milliseconds). */
const patience = 15_000;

const installIt = "npm install -g @anthropic-ai/claude-code";

export async function checkClaude(config: Config): Promise<Finding[]> {
  if (config.mode !== "subprocess") return [ok("Native mode does without Claude Code.")];
  const { env } = childEnvironment(config, config.port);
  try {
    const path = locate(config);
    const version = await readVersion(path, env, patience);
    const found = `Claude Code ${version} (${path})`;
    if (version === testedVersion) return [ok(`${found}.`)];
    const sentence = `${found} is untested: ${testedVersion} is known to work.`;
    return [warning(sentence, `${installIt}@${testedVersion}`)];
  } catch (error) {
    // Which one can't be started says the sentence.
    const there = error instanceof StartError && error.exitCode === exitCodes.claude_not_executable;
    return [problemOf(error, there ? undefined : installIt)];
  }
}

/** By what Claude Code says of itself; no token is read. It can't be known whether the login is still good. */
export async function checkLogin(config: Config): Promise<Finding[]> {
  if (config.mode !== "subprocess") return [];
  const { env } = childEnvironment(config, config.port);
  const status = await Promise.try(() => authStatus(locate(config), env, patience)).catch(
    (error: unknown) => error as Error,
  );
  // What is wrong with Claude Code itself is said above.
  if (status instanceof Error) return [warning(`Whether Claude Code is logged in is unknown: ${status.message}`)];
  if (status.loggedIn) return [ok(`Claude Code is logged in (${status.method}).`)];
  const sentence = "Claude Code is not logged in";
  if (config.fallback === "none") return [problem(`${sentence}.`, "claude auth login")];
  return [warning(`${sentence}: every request goes to the upstream of native mode.`, "claude auth login")];
}

export function checkNative(config: Config): Finding[] {
  const { mode, fallback, upstream, host, port } = config;
  if (mode !== "native" && fallback !== "native") return [];
  if (pointsAt(upstream, host, port)) {
    return [
      problem(
        `The upstream ${upstream} is Sluice itself: name another with --upstream URL.`,
        "unset ANTHROPIC_BASE_URL",
      ),
    ];
  }
  try {
    createAuthorize(config);
    return [ok(`Native mode has credentials for ${upstream}.`)];
  } catch (error) {
    return [problemOf(error)];
  }
}
