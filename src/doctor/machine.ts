/** The environment and the machine: proxies, addresses that lead in a circle, the clock, the memory. */

import { statSync } from "node:fs";
import { freemem, totalmem } from "node:os";
import type { Config } from "../config.ts";
import { childEnvironment } from "../engine/claude/environment.ts";
import { memoryOfProcess } from "../engine/claude/memory.ts";
import { type Finding, ok, warning } from "./finding.ts";

const proxies = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/** Clients of Sluice in this environment would ask a proxy for this machine, which it can't reach. */
export function checkProxies({ env }: Config): Finding[] {
  const set = proxies.filter((name) => env[name]);
  if (set.length === 0) return [ok("No proxy stands between Sluice and its clients.")];
  const spared = (env["NO_PROXY"] || env["no_proxy"] || "").split(",").map((name) => name.trim());
  const missing = ["127.0.0.1", "localhost"].filter((name) => ![name, "*"].some((one) => spared.includes(one)));
  if (missing.length === 0) return [ok(`${set.join(", ")} is not for this machine itself (NO_PROXY).`)];
  const wanted = [...spared.filter(Boolean), ...missing].join();
  const sentence = `${set.join(", ")} is set, and NO_PROXY leaves out ${missing.join(" and ")}: clients may look for Sluice behind the proxy.`;
  return [warning(sentence, `export NO_PROXY=${wanted} no_proxy=${wanted}`)];
}

/** What of this environment is meant for Sluice's clients, and Claude Code does not get. */
export function checkCircle(config: Config): Finding[] {
  if (config.mode !== "subprocess") return [];
  return childEnvironment(config, config.port).warnings.map((sentence) =>
    warning(sentence, `unset ${/^\w+/.exec(sentence)?.[0]}`),
  );
}

/** When this was written: no clock that is right shows an earlier time. */
const written = Date.UTC(2026, 10, 21);

/** Certificates and logins have dates. Nobody else is asked for the time. */
export function checkClock(now = Date.now(), program = process.execPath): Finding[] {
  // Time zones are told apart, but some archives keep local times.
  const installed = statSync(program).mtimeMs - 86_400_000;
  const time = new Date(now).toISOString();
  if (now >= Math.max(written, installed)) return [ok(`The clock shows a time that can be: ${time}.`)];
  const mend = process.platform === "darwin" ? "sudo sntp -sS time.apple.com" : "sudo timedatectl set-ntp true";
  return [warning(`The clock shows ${time}, which is before Sluice was made: no certificate will be good.`, mend)];
}

/** Whether so many processes have room, all at once. */
export function checkMemory({ mode, maxProcesses }: Config, total = totalmem(), free = freemem()): Finding[] {
  if (mode !== "subprocess") return [];
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  const room = Math.max(1, Math.floor((total * 0.75) / memoryOfProcess));
  if (maxProcesses !== undefined && maxProcesses > room) {
    const sentence = `${maxProcesses} processes of Claude Code take ${gigabytes(maxProcesses * memoryOfProcess)}, and this machine has ${gigabytes(total)}.`;
    return [warning(sentence, `sluice --max-processes ${room}`)];
  }
  return [
    ok(
      `${gigabytes(free)} of ${gigabytes(total)} of memory are free; a process of Claude Code takes about ${gigabytes(memoryOfProcess)}.`,
    ),
  ];
}
