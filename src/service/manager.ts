import type { Config } from "../config.ts";
import { StartError } from "../error.ts";
import type { Definition } from "./definition.ts";
import { Launchd } from "./launchd.ts";
import { Systemd } from "./systemd.ts";

/** What the service manager knows of the service. */
export interface ServiceState {
  readonly running: boolean;
  readonly pid?: number | undefined;
  /** Since when it runs: ISO 8601. */
  readonly since?: string | undefined;
  /** How it ended last, where it does not run. */
  readonly exitCode?: number | undefined;
}

/** The manager of a user's services on one system. Where it refuses, a method throws a StartError with its own words. */
export interface Manager {
  /** As a person would say it: "a systemd user service". */
  readonly kind: string;
  /** Where the definition lies. */
  readonly file: string;
  /** Where Sluice logs as a service, where the manager keeps no log itself. */
  readonly logFile: string | undefined;
  /** Throws a StartError that says what to do, unless there is a manager that answers. */
  check(): Promise<void>;
  /** Writes the definition and has the manager know it, now and at each login; says whether it is another than before. */
  define(definition: Definition): Promise<boolean>;
  /** Stops the service, and takes away all that `define` made. */
  remove(): Promise<void>;
  /** Has it run; nothing where it does. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it, if it runs, and starts it by what is defined now. */
  restart(): Promise<void>;
  state(): Promise<ServiceState>;
  /** The command that shows the last lines of the manager's own log, and the coming ones where `follow` is set. */
  logs(lines: number, follow: boolean): readonly string[];
  /** What else there is to know once it is installed, a sentence each. */
  hints(): readonly string[];
}

/** The manager of this system. Throws a StartError where Sluice knows none. */
export function chooseManager(config: Pick<Config, "env">, platform: string = process.platform): Manager {
  switch (platform) {
    case "darwin":
      return new Launchd(config.env);
    case "linux":
      return new Systemd(config.env);
    default:
      throw new StartError(
        "service_failed",
        "Here Sluice can't be installed as a service: have the system start `sluice serve` when you log in, on Windows with the Task Scheduler.",
      );
  }
}
