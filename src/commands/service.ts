import { type ArgsDef, defineCommand } from "citty";
import manifest from "../../package.json" with { type: "json" };
import { loadConfig } from "../config.ts";
import { exitCodes, StartError } from "../error.ts";
import { escapeControls } from "../log.ts";
import { nearest } from "../nearest.ts";
import { show } from "../service/run.ts";
import { Service, type ServiceStatus } from "../service/service.ts";
import { helpArgs } from "./args.ts";

/** What is to be done, by the arguments that follow; the result is the exit code, or nothing for 0. */
type Action = (service: Service, args: readonly string[]) => Promise<number | undefined>;

const actions: Readonly<Record<string, Action>> = { install, uninstall, start, stop, restart, status, logs };

const names = Object.keys(actions);

export const service = defineCommand<ArgsDef>({
  meta: { name: "service", description: "Run Sluice in the background, from your login on (launchd, systemd)" },
  args: {
    action: { type: "positional", description: names.join(", "), valueHint: names.join("|"), required: false },
    json: { type: "boolean", description: "status: print JSON" },
    follow: { type: "boolean", alias: "f", description: "logs: show what comes, too" },
    lines: { type: "string", alias: "n", valueHint: "NUMBER", default: "50", description: "logs: how many lines" },
    ...helpArgs(),
  },
  async run({ rawArgs: [name, ...args] }) {
    const action = find(name);
    return await action(new Service(loadConfig([], { bare: true }).config), args);
  },
});

async function install(service: Service, args: readonly string[]): Promise<undefined> {
  const warnings = await service.install(loadConfig(args), args);
  for (const warning of warnings) console.error(`sluice: ${escapeControls(warning)}`);
  console.log(`Installed as ${service.manager.kind}: ${service.manager.file}`);
  console.log(`${sentence(await service.ready())}\n${service.manager.hints().join("\n")}`.trim());
}

async function uninstall(service: Service, args: readonly string[]): Promise<undefined> {
  takeNone(args);
  const { installed, manager } = service;
  // Also what is left of one that was only half there.
  await manager.check();
  await service.uninstall();
  console.log(installed ? `Removed: ${manager.file}` : "There was no service.");
}

async function start(service: Service, args: readonly string[]): Promise<undefined> {
  takeNone(args);
  await installed(service).manager.start();
  console.log(sentence(await service.ready()));
}

async function stop(service: Service, args: readonly string[]): Promise<undefined> {
  takeNone(args);
  await installed(service).manager.stop();
  console.log("The service is stopped, until it is started or you log in again.");
}

async function restart(service: Service, args: readonly string[]): Promise<undefined> {
  takeNone(args);
  await installed(service).manager.restart();
  console.log(sentence(await service.ready()));
}

async function status(service: Service, args: readonly string[]): Promise<number> {
  takeNone(args.filter((arg) => arg !== "--json"));
  const status = await service.status();
  console.log(args.includes("--json") ? asJson(status) : asText(status));
  return status.health?.ok ? 0 : exitCodes.service_failed;
}

async function logs(service: Service, args: readonly string[]): Promise<number> {
  let lines = 50;
  let follow = false;
  const rest = args.flatMap((arg) => arg.split("="));
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "-f" || arg === "--follow") follow = true;
    else if (arg === "-n" || arg === "--lines") lines = wholeNumber(arg, rest.shift());
    else throw unexpected(arg, "-f and -n NUMBER are what it takes");
  }
  const { config } = loadConfig([], { bare: true });
  return await show(installed(service).logs(lines, follow), config.env);
}

function find(name: string | undefined): Action {
  const list = `sluice service ${names.join("|")}`;
  if (name === undefined || name.startsWith("-")) throw new StartError("usage", `Say what to do: ${list}.`);
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action !== undefined) return action;
  const meant = nearest(name, names);
  throw unexpected(name, meant === undefined ? `${list}.` : `did you mean ${meant}?`);
}

function installed(service: Service): Service {
  if (service.installed) return service;
  throw new StartError("service_failed", "There is no service: `sluice service install` installs it.");
}

function takeNone([first]: readonly string[]): void {
  if (first === undefined) return;
  throw unexpected(first, "what the service is to do is said to `sluice service install`.");
}

function wholeNumber(flag: string, value = ""): number {
  if (/^\d{1,6}$/.test(value)) return Number(value);
  throw new StartError("usage", `${flag} needs a whole number: ${flag} 100.`);
}

function unexpected(arg: string, hint: string): StartError {
  return new StartError("usage", `Unexpected ${JSON.stringify(arg)}: ${hint}`);
}

function sentence({ address, pid, health }: ServiceStatus): string {
  return `Sluice ${health?.version ?? manifest.version} answers on ${address} (process ${pid}).`;
}

function asJson({
  manager,
  file,
  installed,
  running,
  pid,
  since,
  exitCode,
  address,
  record,
  health,
}: ServiceStatus): string {
  const versions = { version: health?.version, installed_version: record?.version };
  const shown = {
    installed,
    running,
    answers: health?.ok ?? false,
    pid,
    since,
    exit_code: exitCode,
    address,
    ...versions,
  };
  const nulls = Object.entries({ ...shown, manager, file }).map(([name, value]) => [name, value ?? null]);
  return JSON.stringify(Object.fromEntries(nulls), undefined, 2);
}

function asText(status: ServiceStatus): string {
  const { manager, file, installed, running, pid, since, exitCode, address, record, health } = status;
  if (!installed) return "Not installed: `sluice service install` installs it.";
  const exit = exitCode ? ` (exit code ${exitCode}: \`sluice service logs\` says more)` : "";
  const rows = [
    ["installed", `as ${manager}: ${file}`],
    ["running", running ? `since ${since ?? "?"} (process ${pid})` : `no${exit}`],
    ["address", `${address ?? "?"}${running && health === undefined ? ", which does not answer" : ""}`],
    ["version", `${health?.version ?? record?.version ?? "?"}`],
  ];
  return rows.map(([name = "", value = ""]) => `${name.padEnd(9)}  ${escapeControls(value)}`).join("\n");
}
