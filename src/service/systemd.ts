import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { dirname, join } from "node:path";
import { homeOf } from "../environment.ts";
import { StartError } from "../error.ts";
import type { Definition } from "./definition.ts";
import type { Manager, ServiceState } from "./manager.ts";
import { canNotify } from "./notify.ts";
import { type Environment, must, run, startOf } from "./run.ts";
import { renderUnit } from "./unit.ts";

const unit = "sluice.service";

/** What systemd says of a process that it could not put into its sandbox: systemd.exec(5), process exit codes. */
const sandboxFailures = ["217", "218", "226"];

/** A start may take as long as Claude Code takes to say its version, and a stop as long as answers may run (seconds). */
const patience = 300;

/** The systemd of the user (`systemctl --user`). */
export class Systemd implements Manager {
  readonly kind = "a systemd user service";
  readonly file: string;
  readonly logFile = undefined;
  readonly #env: Environment;
  #definition: Definition | undefined;

  constructor(env: Environment) {
    this.file = join(env["XDG_CONFIG_HOME"] || join(homeOf(env), ".config"), "systemd/user", unit);
    // `su` and `ssh` do not always say where the bus is.
    const runtime = `/run/user/${process.getuid?.()}`;
    this.#env = !env["XDG_RUNTIME_DIR"] && existsSync(runtime) ? { ...env, XDG_RUNTIME_DIR: runtime } : env;
  }

  async check(): Promise<void> {
    const { code, stderr } = await run(["systemctl", "--user", "show-environment"], this.#env);
    if (code === 0) return;
    const instead = "run `sluice serve` under what starts programs here";
    if (code === 127) throw new StartError("service_failed", `There is no systemd (no systemctl on PATH): ${instead}.`);
    if (/microsoft/i.test(release())) {
      throw new StartError(
        "service_failed",
        "This WSL runs without systemd: write `[boot]` and `systemd=true` into /etc/wsl.conf, run `wsl --shutdown` in Windows, and try again.",
      );
    }
    const said = stderr.trim().split("\n")[0];
    throw new StartError(
      "service_failed",
      `The systemd of this user does not answer (${said}): log in as the user itself, not by su or sudo; in a container, ${instead}.`,
    );
  }

  async define(definition: Definition): Promise<boolean> {
    this.#definition = definition;
    // Where an earlier start has shown that the sandbox is refused, it stays so until something else changes.
    const changed = this.#isWritten(false) ? false : await this.#write(true);
    await this.#systemctl("enable", "--quiet", unit);
    return changed;
  }

  async remove(): Promise<void> {
    if (existsSync(this.file)) await this.#systemctl("disable", "--now", "--quiet", unit);
    rmSync(this.file, { force: true });
    await this.#systemctl("daemon-reload");
    // One that has failed would be listed on.
    await run(["systemctl", "--user", "reset-failed", unit], this.#env);
  }

  start(): Promise<void> {
    return this.#launch("start");
  }

  async stop(): Promise<void> {
    await this.#systemctl("stop", unit);
  }

  restart(): Promise<void> {
    return this.#launch("restart");
  }

  async state(): Promise<ServiceState> {
    const { ActiveState, MainPID, ExecMainCode, ExecMainStatus } = await this.#properties();
    // Where it was ended by a signal, the status is that.
    if (ActiveState !== "active")
      return { running: false, exitCode: ExecMainCode === "1" ? Number(ExecMainStatus) : undefined };
    return { running: true, pid: Number(MainPID), since: await startOf(Number(MainPID), this.#env) };
  }

  logs(lines: number, follow: boolean): readonly string[] {
    return [
      "journalctl",
      "--user-unit",
      unit,
      "--output=cat",
      `--lines=${lines}`,
      ...(follow ? ["--follow"] : ["--no-pager"]),
    ];
  }

  hints(): readonly string[] {
    const user = this.#env["USER"] ?? "";
    if (existsSync(join("/var/lib/systemd/linger", user)) && user !== "") return [];
    return [
      "It runs as long as you are logged in; `loginctl enable-linger` keeps it running, also after a restart of the machine.",
    ];
  }

  /** A sandbox that this system refuses is left out, which it says only by the failure of the start. */
  async #launch(verb: "start" | "restart"): Promise<void> {
    const { code } = await run(["systemctl", "--user", verb, unit], this.#env, patience);
    if (code === 0) return;
    const { ExecMainStatus = "" } = await this.#properties();
    if (this.#definition === undefined || !sandboxFailures.includes(ExecMainStatus)) return;
    await this.#write(false);
    await run(["systemctl", "--user", "restart", unit], this.#env, patience);
  }

  /** Writes the unit unless it is there already; says whether it was another. */
  async #write(sandbox: boolean): Promise<boolean> {
    if (this.#isWritten(sandbox)) return false;
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(this.file, this.#render(sandbox));
    await this.#systemctl("daemon-reload");
    return true;
  }

  #isWritten(sandbox: boolean): boolean {
    return existsSync(this.file) && readFileSync(this.file, "utf8") === this.#render(sandbox);
  }

  #render(sandbox: boolean): string {
    return this.#definition === undefined ? "" : renderUnit(this.#definition, { notify: canNotify(), sandbox });
  }

  async #properties(): Promise<Record<string, string | undefined>> {
    const names = "ActiveState,MainPID,ExecMainCode,ExecMainStatus";
    const shown = await this.#systemctl("show", unit, `--property=${names}`);
    return Object.fromEntries(shown.split("\n").map((line) => line.split("=")));
  }

  #systemctl(...args: string[]): Promise<string> {
    return must(["systemctl", "--user", ...args], this.#env, patience);
  }
}
