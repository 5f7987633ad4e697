/** The service of this user: what the manager of the system knows of it, and what Sluice itself does. */

import { existsSync } from "node:fs";
import manifest from "../../package.json" with { type: "json" };
import { addressOf, askHealth, type Health } from "../address.ts";
import { type Config, type LoadedConfig, loadConfig } from "../config.ts";
import { exitCodes, StartError } from "../error.ts";
import { stateFolder } from "../state.ts";
import { defineService } from "./definition.ts";
import { chooseManager, type Manager, type ServiceState } from "./manager.ts";
import { readRecord, removeRecord, type ServiceRecord, writeRecord } from "./record.ts";

/** How long a Sluice that was started may take to answer (milliseconds), beyond what its manager waits for. */
const patience = 20_000;

export interface ServiceStatus extends ServiceState {
  readonly manager: string;
  /** Where the definition lies, or would lie. */
  readonly file: string;
  readonly installed: boolean;
  /** As it was when it was installed. */
  readonly record: ServiceRecord | undefined;
  /** Where it listens: undefined where its configuration is wrong by now. */
  readonly address: string | undefined;
  readonly health: Health | undefined;
}

/** The service of the user whose environment a configuration holds. */
export class Service {
  readonly manager: Manager;
  readonly #config: Config;

  /** Throws a StartError where Sluice can't be installed as a service. */
  constructor(config: Config, manager = chooseManager(config)) {
    this.#config = config;
    this.manager = manager;
  }

  get installed(): boolean {
    return existsSync(this.manager.file);
  }

  get record(): ServiceRecord | undefined {
    return readRecord(stateFolder(this.#config.env));
  }

  /** Installs what `rawArgs` say and has it run, also over an older one. Returns sentences on what of this shell it does not have. */
  async install(loaded: LoadedConfig, rawArgs: readonly string[]): Promise<readonly string[]> {
    const { definition, warnings } = defineService(loaded, rawArgs, this.manager.logFile);
    await this.manager.check();
    const before = await this.status().catch(() => undefined);
    const changed = await this.manager.define(definition);
    const { command, env, logFile } = definition;
    const args = command.slice(command.indexOf("serve") + 1);
    const record = { version: manifest.version, command: [...command], args, env: { ...env }, logFile };
    writeRecord(stateFolder(this.#config.env), record);
    if (changed || before?.health?.version !== manifest.version) await this.manager.restart();
    else await this.manager.start();
    return warnings;
  }

  async uninstall(): Promise<void> {
    await this.manager.remove();
    removeRecord(stateFolder(this.#config.env));
  }

  /** What is known of it now. Throws a StartError where the manager does not answer. */
  async status(): Promise<ServiceStatus> {
    const { installed, record } = this;
    const { kind, file } = this.manager;
    const state: ServiceState = installed ? await this.manager.state() : { running: false };
    const own = record && this.#configOf(record);
    const answer = own && state.running ? await askHealth(own) : undefined;
    // Another one may have taken the port.
    const health = [undefined, state.pid].includes(answer?.pid) ? answer : undefined;
    return { manager: kind, file, installed, record, ...state, address: own && addressOf(own), health };
  }

  /** Resolves when it answers. Throws a StartError that says what keeps it from that, after some time at the latest. */
  async ready(): Promise<ServiceStatus> {
    for (const late = performance.now() + patience; ; await Bun.sleep(200)) {
      const status = await this.status();
      if (status.health !== undefined) return status;
      const { running, exitCode = 0 } = status;
      if ((!running && exitCode !== 0) || performance.now() > late) throw notRunning(exitCode);
    }
  }

  /** The command that shows its log. */
  logs(lines: number, follow: boolean): readonly string[] {
    const file = this.record?.logFile;
    if (file === undefined) return this.manager.logs(lines, follow);
    return ["tail", "-n", String(lines), ...(follow ? ["-F"] : []), file];
  }

  /** By what it runs, read as it reads it. */
  #configOf({ args, env }: ServiceRecord): Config | undefined {
    try {
      const { HOME = "" } = this.#config.env;
      return loadConfig(args, { env: { HOME, ...env } }).config;
    } catch {
      return undefined;
    }
  }
}

/** What an exit code of Sluice's says, and what to do. */
const reasons: Readonly<Record<number, string>> = {
  [exitCodes.usage]: "its configuration is wrong, see `sluice service logs`",
  [exitCodes.claude_not_found]: "Claude Code was not found: install it, then run `sluice service install` again",
  [exitCodes.claude_not_executable]: "Claude Code is not executable: `sluice doctor` says more",
  [exitCodes.not_logged_in]: "Claude Code is not logged in: run `claude auth login`, and it starts within 10 seconds",
  [exitCodes.port_taken]: "its port is taken: end what listens there, and it starts within 10 seconds",
  [exitCodes.claude_broken]: "Claude Code does not work: `sluice doctor` says more",
};

function notRunning(exitCode: number): StartError {
  const reason = reasons[exitCode] ?? `exit code ${exitCode}, see \`sluice service logs\``;
  return new StartError("service_failed", `The service does not answer: ${reason}.`);
}
