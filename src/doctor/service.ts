/** The service: does it run, is it this version, and does it find what it needs? */

import manifest from "../../package.json" with { type: "json" };
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import type { Config } from "../config.ts";
import { StartError } from "../error.ts";
import { locate } from "../engine/claude/locate.ts";
import { lastingPath } from "../service/definition.ts";
import { Service } from "../service/service.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

const install = "sluice service install";

export async function checkService(config: Config): Promise<Finding[]> {
  const service = open(config);
  if (service === undefined) return [];
  if (!service.installed) return [ok(`Sluice is not installed as a service; \`${install}\` does that.`)];
  try {
    const { running, exitCode, record, address, health } = await service.status();
    if (record === undefined) return [warning("Sluice does not know how its service was installed.", install)];
    const [program = ""] = record.command;
    if (!existsSync(program)) return [problem(`The service starts ${program}, which is gone.`, install)];
    if (!running) {
      const failed = exitCode ? ` It failed with exit code ${exitCode}.` : "";
      return [
        (failed ? problem : warning)(
          `The service does not run.${failed}`,
          failed ? "sluice service logs" : "sluice service start",
        ),
      ];
    }
    if (health === undefined)
      return [problem(`The service runs, but does not answer on ${address}.`, "sluice service logs")];
    if (health.version === undefined || health.version === manifest.version)
      return [ok(`The service runs on ${address}.`)];
    return [warning(`The service runs Sluice ${health.version}, and this is ${manifest.version}.`, install)];
  } catch (error) {
    return [problemOf(error)];
  }
}

/** A service does not see the PATH of a shell, but the one that was kept when it was installed. */
export function checkServicePath(config: Config): Finding[] {
  if (config.mode !== "subprocess") return [];
  const service = open(config);
  if (service === undefined) return [];
  const record = service.installed ? service.record : undefined;
  const path = record?.env["PATH"] ?? lastingPath(config);
  const whose = record === undefined ? "A service would have" : "The service has";
  const kept = record?.args.find((arg) => arg.startsWith("--claude="))?.slice("--claude=".length);
  try {
    const claude = locate({ claude: kept ?? config.claude, env: { ...config.env, PATH: path } });
    const absent = [interpreterOf(claude), "sh"].find(
      (name) => name !== undefined && Bun.which(name, { PATH: path }) === null,
    );
    if (absent === undefined) return [ok(`${whose} all that it needs on its PATH.`)];
    return [problem(`${whose} no ${absent} on its PATH, which Claude Code needs.`, record && install)];
  } catch (error) {
    // Without a service, what is wrong is said of Claude Code itself.
    return record === undefined ? [] : [problemOf(error, install)];
  }
}

function open(config: Config): Service | undefined {
  try {
    return new Service(config);
  } catch (error) {
    if (error instanceof StartError) return undefined;
    throw error;
  }
}

/** The program that a script asks to be run by, where PATH says which that is. */
function interpreterOf(path: string): string | undefined {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(200);
    return /^#!\s*\S*\/env\s+(?:-S\s+)?([\w.-]+)/.exec(head.toString("utf8", 0, readSync(file, head)))?.[1];
  } finally {
    closeSync(file);
  }
}
