/** Finds Claude Code and asks it, before the first request does, whether it works and is logged in. */

import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, resolve } from "node:path";
import { z } from "zod";
import type { Config } from "../../config.ts";
import { homeOf } from "../../environment.ts";
import { StartError } from "../../error.ts";
import { openToAnyone } from "../../trust.ts";

/** The version that everything here was tried with. Others may work: they are warned about, never refused. */
export const testedVersion = "2.1.329";

/** Where installers put it that PATH may not know, outside the home directory. */
const systemPlaces = ["/opt/homebrew/bin/claude", "/usr/local/bin/claude"];

/** More than a cold start on a busy machine takes. */
const patience = 30_000;

/** The absolute path of Claude Code, which nobody could have replaced; throws a StartError that says what to do. */
export function locate(config: Pick<Config, "claude" | "env">, places = systemPlaces): string {
  const path = find(config, places);
  const open = openToAnyone(path);
  if (open === undefined) return path;
  throw new StartError(
    "claude_not_executable",
    `${path} is not started: any user of this machine can change ${open}. Take that right away with \`chmod o-w\`.`,
  );
}

function find(config: Pick<Config, "claude" | "env">, places: readonly string[]): string {
  if (config.claude !== undefined && config.claude !== basename(config.claude))
    return checkGiven(resolve(config.claude));

  const name = config.claude ?? "claude";
  // Where Sluice is started, anything may lie about.
  const folders = (config.env["PATH"] ?? "").split(delimiter).filter(isAbsolute);
  const onPath = Bun.which(name, { PATH: folders.join(delimiter) });
  if (onPath !== null) return programOf(onPath);
  if (config.claude !== undefined) {
    throw new StartError("claude_not_found", `There is no program ${name} on PATH: give a path with --claude PATH.`);
  }

  const found = [...homePlaces(homeOf(config.env)), ...places].find((place) => problemOf(place) === undefined);
  if (found !== undefined) return found;
  throw new StartError(
    "claude_not_found",
    "Claude Code was not found: install it with `npm install -g @anthropic-ai/claude-code`, or say where it is with --claude PATH.",
  );
}

/** What `claude --version` says: "2.1.329". */
export async function readVersion(path: string, env: Record<string, string>, timeout = patience): Promise<string> {
  const answer = await ask(path, ["--version"], env, timeout);
  const version = /^\d+\.\d+\.\d+\S*/.exec(answer.stdout)?.[0];
  if (answer.exitCode === 0 && version !== undefined) return version;
  throw broken(path, "--version", answer);
}

export interface AuthStatus {
  loggedIn: boolean;
  /** "none", "api_key", "oauth_token", "third_party", … */
  method: string;
}

const authAnswer = z.looseObject({ loggedIn: z.boolean(), authMethod: z.string().default("unknown") });

/**
 * What Claude Code says of its own login. It proves that there is one, not that it is still good. The person's settings
 * have no say, as in the processes that answer: there may be a token in them that is for Sluice.
 */
export async function authStatus(path: string, env: Record<string, string>, timeout = patience): Promise<AuthStatus> {
  // It exits with 1 when logged out, so only what it prints counts.
  const answer = await ask(path, ["--setting-sources=", "auth", "status"], env, timeout);
  const parsed = authAnswer.safeParse(parseJson(answer.stdout));
  if (!parsed.success) throw broken(path, "auth status", answer);
  return { loggedIn: parsed.data.loggedIn, method: parsed.data.authMethod };
}

function checkGiven(path: string): string {
  switch (problemOf(path)) {
    case undefined:
      return path;
    case "missing":
      throw new StartError("claude_not_found", `There is no ${path}: give the path of Claude Code with --claude PATH.`);
    case "directory":
      throw new StartError("claude_not_executable", `${path} is a directory: give the path of Claude Code itself.`);
    case "not executable":
      throw new StartError("claude_not_executable", `${path} is not executable: make it so with \`chmod +x\`.`);
  }
}

function problemOf(path: string): "missing" | "directory" | "not executable" | undefined {
  try {
    if (statSync(path).isDirectory()) return "directory";
    accessSync(path, constants.X_OK);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES" ? "not executable" : "missing";
  }
}

/** On Windows npm puts a script on PATH that starts the program, and quotes and signals would go through a shell. */
function programOf(found: string): string {
  if (!found.toLowerCase().endsWith(".cmd")) return found;
  const program = join(dirname(found), "node_modules/@anthropic-ai/claude-code/bin/claude.exe");
  return problemOf(program) === undefined ? program : found;
}

function homePlaces(home: string): string[] {
  if (process.platform === "win32") return [join(home, ".local/bin/claude.exe")];
  return [
    join(home, ".local/bin/claude"),
    join(home, ".claude/local/claude"),
    join(home, ".npm-global/bin/claude"),
    join(home, ".bun/bin/claude"),
    join(home, ".volta/bin/claude"),
    ...newestFirst(join(home, ".nvm/versions/node")).map((version) => join(version, "bin/claude")),
    ...newestFirst(join(home, ".local/share/claude/versions")),
  ];
}

/** The entries of a directory whose names are versions. */
function newestFirst(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => /^v?\d+\.\d+\.\d+/.test(name))
      .sort((a, b) => Bun.semver.order(b, a))
      .map((name) => join(directory, name));
  } catch {
    return [];
  }
}

interface Answer {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function ask(path: string, args: string[], env: Record<string, string>, timeout: number): Promise<Answer> {
  // In "/", where no project's settings can speak.
  const child = start([path, ...args], env);
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    child.kill("SIGKILL");
    late.reject(new StartError("claude_broken", `\`${path} ${args.join(" ")}\` did not answer within ${timeout} ms.`));
  }, timeout);
  try {
    const all = Promise.all([child.exited, textOf(child.stdout), textOf(child.stderr)]);
    const [exitCode, stdout, stderr] = await Promise.race([all, late.promise]);
    return { exitCode, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}

function start(command: string[], env: Record<string, string>) {
  try {
    return Bun.spawn(command, { env, cwd: "/", stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new StartError("claude_not_executable", `${command[0]} cannot be run here (${code}): is it for this system?`);
  }
}

function broken(path: string, question: string, { exitCode, stdout, stderr }: Answer): StartError {
  const line = Bun.stripANSI(`${stderr}\n${stdout}`).trim().split("\n")[0] ?? "";
  const said = JSON.stringify(line.slice(0, 200));
  return new StartError(
    "claude_broken",
    `\`${path} ${question}\` failed (exit code ${exitCode}, ${said}): reinstall Claude Code, or choose another with --claude PATH.`,
  );
}

function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
