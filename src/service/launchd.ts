import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { homeOf } from "../environment.ts";
import { StartError } from "../error.ts";
import type { Definition } from "./definition.ts";
import type { Manager, ServiceState } from "./manager.ts";
import { renderPlist } from "./plist.ts";
import { type Environment, must, run, startOf } from "./run.ts";

const label = "claude-sluice";

/** A stop takes as long as answers may run (seconds). */
const patience = 300;

/** The launchd of a Mac, and in it the session of the user: launchctl(1). */
export class Launchd implements Manager {
  readonly kind = "a launchd agent";
  readonly file: string;
  readonly logFile: string;
  readonly #env: Environment;
  readonly #domain: string;

  constructor(env: Environment, uid = process.getuid?.() ?? 0) {
    const library = join(homeOf(env), "Library");
    this.file = join(library, `LaunchAgents/${label}.plist`);
    this.logFile = join(library, "Logs/sluice/sluice.log");
    this.#env = env;
    this.#domain = `gui/${uid}`;
  }

  async check(): Promise<void> {
    const { code, stderr } = await run(["launchctl", "print", this.#domain], this.#env);
    if (code === 0) return;
    const said = stderr.trim().split("\n")[0];
    throw new StartError(
      "service_failed",
      `launchd has no session of yours (${said}): log in on the screen of this Mac once; ssh alone has none.`,
    );
  }

  async define(definition: Definition): Promise<boolean> {
    const { logFile = this.logFile } = definition;
    const text = renderPlist(label, definition, logFile);
    mkdirSync(dirname(this.file), { recursive: true });
    // launchd would make it readable to all.
    mkdirSync(dirname(logFile), { recursive: true, mode: 0o700 });
    if (!existsSync(logFile)) writeFileSync(logFile, "", { mode: 0o600 });
    const changed = !existsSync(this.file) || readFileSync(this.file, "utf8") !== text;
    if (changed) writeFileSync(this.file, text);
    // One that was disabled once stays so, whatever is installed.
    await this.#launchctl("enable", `${this.#domain}/${label}`);
    return changed;
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.file, { force: true });
    rmSync(dirname(this.logFile), { recursive: true, force: true });
  }

  async start(): Promise<void> {
    const { loaded } = await this.#print();
    if (loaded) await this.#launchctl("kickstart", `${this.#domain}/${label}`);
    else await this.#launchctl("bootstrap", this.#domain, this.file);
  }

  /** Until the next login: it leaves launchd, which would start it again otherwise. */
  async stop(): Promise<void> {
    if (!(await this.#print()).loaded) return;
    await this.#launchctl("bootout", `${this.#domain}/${label}`);
    // It may return before the last answer has ended, and what is on its way out can't be started.
    const late = performance.now() + patience * 1000;
    while ((await this.#print()).loaded && performance.now() < late) await Bun.sleep(100);
  }

  /** Not by `kickstart -k`, which neither lets answers end nor reads the definition again. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async state(): Promise<ServiceState> {
    const { pid, exitCode } = await this.#print();
    if (pid === undefined) return { running: false, exitCode };
    return { running: true, pid, since: await startOf(pid, this.#env) };
  }

  logs(lines: number, follow: boolean): readonly string[] {
    return ["tail", "-n", String(lines), ...(follow ? ["-F"] : []), this.logFile];
  }

  hints(): readonly string[] {
    return [`Its log is ${this.logFile}.`];
  }

  async #print(): Promise<{ loaded: boolean; pid: number | undefined; exitCode: number | undefined }> {
    const { code, stdout } = await run(["launchctl", "print", `${this.#domain}/${label}`], this.#env);
    const number = (pattern: RegExp) => {
      const found = pattern.exec(stdout)?.[1];
      return found === undefined ? undefined : Number(found);
    };
    return { loaded: code === 0, pid: number(/^\tpid = (\d+)/m), exitCode: number(/^\tlast exit code = (\d+)/m) };
  }

  #launchctl(...args: string[]): Promise<string> {
    return must(["launchctl", ...args], this.#env, patience);
  }
}
