/** The systemd user unit: systemd.service(5), systemd.exec(5). */

import { dirname } from "node:path";
import type { Definition } from "./definition.ts";

export interface UnitOptions {
  /** Whether Sluice can tell systemd when it answers. */
  notify: boolean;
  /** Whether it sees the file system as it is but for what it needs, read-only; some systems refuse to do that for a user. */
  sandbox: boolean;
}

/** How long after SIGTERM, and beyond the answers that still run, Sluice takes to end what it has started (seconds). */
export const stopMargin = 10;

/** Variables that name folders which Sluice and Claude Code write into. */
const homes = /^(CLAUDE_CONFIG_DIR|XDG_\w+_HOME)$/;

/** The text of a unit. */
export function renderUnit(
  { command, env, agent, cwd, logFile, drainTimeout }: Definition,
  { notify, sandbox }: UnitOptions,
): string {
  const [program = "", ...args] = startable(command);
  const folders = [
    cwd,
    logFile && dirname(logFile),
    ...Object.entries(env).flatMap(([name, value]) => (homes.test(name) ? value : [])),
  ];
  const writable = folders.flatMap((path) => (path ? quote(`-${path}`) : []));
  const lines: (string | [when: boolean, line: string])[] = [
    "# Written by `sluice service install`, which also changes it; `sluice service uninstall` removes it.",
    "[Unit]",
    "Description=Sluice: Anthropic and OpenAI APIs, answered by Claude Code",
    "# It tries again until what keeps it from running (no login, a port that is taken) is mended.",
    "StartLimitIntervalSec=0",
    "",
    "[Service]",
    notify ? "Type=notify" : "Type=exec",
    [notify, "WatchdogSec=120"],
    // Only in what follows the program are variables looked for.
    `ExecStart=${[quote(program), ...args.map((arg) => quote(arg.replaceAll("$", "$$$$")))].join(" ")}`,
    "ExecReload=kill -HUP $MAINPID",
    ...Object.entries(env).map(([name, value]) => `Environment=${quote(`${name}=${value}`)}`),
    "Restart=on-failure",
    "RestartSec=10",
    "# A wrong configuration does not mend itself.",
    "RestartPreventExitStatus=2",
    "# Sluice lets running answers end, and ends the Claude Code processes itself.",
    "KillMode=mixed",
    `TimeoutStopSec=${Math.ceil(drainTimeout / 1000) + stopMargin}`,
    "# One Claude Code process that takes too much is not the end of all.",
    "OOMPolicy=continue",
    "",
    "NoNewPrivileges=yes",
    "LockPersonality=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "SystemCallArchitectures=native",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "KeyringMode=private",
    // An agent's own tools may be anything: a debugger, a sandbox of their own.
    [!agent, "SystemCallFilter=@system-service"],
    [!agent, "SystemCallErrorNumber=EPERM"],
    [!agent, "RestrictNamespaces=yes"],
    [!agent, "UMask=0077"],
    // Without a user namespace nobody but root can have the rest of this: before systemd 253 it must be asked for.
    [sandbox, "PrivateUsers=yes"],
    [sandbox, "ProtectSystem=strict"],
    [sandbox, `ReadWritePaths=${["%h", "%T", "%V", ...writable].join(" ")}`],
    [sandbox && !agent && ![cwd, ...command].some(isTemporary), "PrivateTmp=yes"],
    [sandbox, "ProtectKernelTunables=yes"],
    [sandbox, "ProtectControlGroups=yes"],
    [sandbox, "ProtectHostname=yes"],
    [sandbox && !agent, "ProtectProc=invisible"],
    "",
    "[Install]",
    "WantedBy=default.target",
  ];
  return `${lines.flatMap((line) => (typeof line === "string" ? line : line[0] ? line[1] : [])).join("\n")}\n`;
}

/** Whether a path, or the path that a flag names, is where a private /tmp would hide it. */
function isTemporary(argument: string | undefined): boolean {
  return /^(--[a-z-]+=)?\/(var\/)?tmp(\/|$)/.test(argument ?? "");
}

/** systemd takes no program whose path has quotes or backslashes in it, but a shell that becomes that program. */
function startable(command: readonly string[]): readonly string[] {
  return /['"\\]/.test(command[0] ?? "") ? ["/bin/sh", "-c", 'exec "$0" "$@"', ...command] : command;
}

/** A word of a command line or an assignment, with no specifier in it. */
function quote(text: string): string {
  return `"${text.replaceAll("%", "%%").replace(/["\\]/g, "\\$&")}"`;
}
