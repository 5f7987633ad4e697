/** Flags over environment over config file over defaults, into one frozen Config. The only reader of process.env. */

import { join } from "node:path";
import { readConfigFile } from "./config-file.ts";
import { type Environment, homeOf, readEnvironment } from "./environment.ts";
import { StartError } from "./error.ts";
import type { Effort } from "./messages/types.ts";
import { nearest } from "./nearest.ts";
import { configFile, nativeConfigFile, type Option, options, type Setting, variablesOf } from "./options.ts";
import { readableByAnyone } from "./trust.ts";

/** Everything that can be configured, read once and frozen. */
export interface Config {
  /** What answers: the CLI, the API itself, or the embedded engine of `sluice demo`. */
  mode: "subprocess" | "native" | "echo";
  host: string;
  port: number;
  /** The path or name of the CLI as the user gave it. */
  claude: string | undefined;
  /** The model of requests that name none. */
  model: string | undefined;
  /** Where the CLI runs; undefined: an empty directory of its own. */
  cwd: string | undefined;
  effort: Effort | undefined;
  maxTurns: number | undefined;
  /** Whether `agent/<model>` is offered. */
  agent: boolean;
  permissionMode: string;
  allowedTools: readonly string[];
  /** Whether an agent's own tool calls are shown as thinking. */
  showTools: boolean;
  systemPrompt: "replace" | "append" | "embed";
  clientKey: string | undefined;
  /** The largest request body, in bytes. */
  maxBody: number;
  /** How many initialised processes wait for a new conversation. */
  spares: number;
  /** How many processes there may be in all; undefined: by the machine's memory. */
  maxProcesses: number | undefined;
  /** How many requests may wait for a process. */
  queue: number;
  /** How long a request may wait for a process. This and the following times are in milliseconds. */
  queueTimeout: number;
  /** How long a process keeps a conversation that waits for its next question. */
  idleTtl: number;
  /** How long a process keeps a conversation that waits for the results of tools. */
  parkTtl: number;
  /** How long Claude Code, or the upstream, may be silent in the middle of an answer. */
  stallTimeout: number;
  /** The base URL of native mode's upstream, without a slash at its end. */
  upstream: string;
  apiKey: string | undefined;
  authToken: string | undefined;
  /** Whose credentials the upstream gets. */
  credentials: "own" | "client";
  redact: boolean;
  /** What serves a request that the CLI refuses for its login or a used-up limit. */
  fallback: "none" | "native";
  /** How long a connection to the upstream may take. */
  connectTimeout: number;
  /** How long the upstream may take to begin its answer. */
  firstByteTimeout: number;
  /** How long a stored response can be retrieved and continued. */
  responseTtl: number;
  /** What may be used in a day and a month: dollars at list price, and requests that the model answers. */
  budgetDay: number | undefined;
  budgetMonth: number | undefined;
  budgetDayRequests: number | undefined;
  budgetMonthRequests: number | undefined;
  /** Whether no ledger of requests is kept. */
  noLedger: boolean;
  /** How long running answers may take to end when Sluice is told to stop. */
  drainTimeout: number;
  /** Whether Sluice stops when the process that started it is gone. */
  exitWithParent: boolean;
  logLevel: "debug" | "info" | "warn" | "error" | "silent";
  /** "auto": for people on a terminal, for programs elsewhere. */
  logFormat: "auto" | "json" | "pretty";
  /** Where to log; undefined: to stderr. */
  logFile: string | undefined;
  /** Whether prompts and answers are logged. */
  logBodies: boolean;
  allowedHosts: readonly string[];
  allowedOrigins: readonly string[];
  passEnv: readonly string[];
  /** The whole environment Sluice was started with; engines pick from it by allow-list. */
  env: Readonly<Record<string, string>>;
}

/** A Config and where each of its values came from: "--port", "SLUICE_PORT", "/path/config.yaml: port" or "default". */
export interface LoadedConfig {
  config: Config;
  sources: Readonly<Record<Setting, string>>;
  /** The config file that was looked for. */
  file: string;
  /** What is not wrong, but better otherwise: sentences for the log. */
  warnings: readonly string[];
}

export interface LoadOptions {
  /** The mode, whatever is configured. */
  mode?: Config["mode"];
  /** The defaults alone: no config file, and of the environment none of Sluice's variables. */
  bare?: boolean;
  env?: Environment;
}

type Name = Setting | "configFile" | "nativeConfigFile";

interface Given {
  value: unknown;
  source: string;
  /** The config file that it stands in. */
  file?: string;
}

const table = Object.entries({ ...options, configFile, nativeConfigFile }) as [Name, Option<unknown>][];
const settings = Object.keys(options) as Setting[];

/** Reads the command line and everything below it; throws a StartError that names the source of what is wrong. */
export function loadConfig(
  args: readonly string[],
  { mode, bare = false, env: told = process.env }: LoadOptions = {},
): LoadedConfig {
  const env = readEnvironment(told);
  const flags = readFlags(args);
  const variables = bare ? new Map<Name, Given>() : readVariables(env);
  const asked = flags.get("configFile") ?? variables.get("configFile");
  const file = asked === undefined ? defaultFile(env) : (check(configFile, asked) as string);
  const nativeFile = flags.get("nativeConfigFile") ?? variables.get("nativeConfigFile");
  const files = [
    ...(bare ? [] : readFile(file, asked !== undefined)),
    ...(nativeFile === undefined ? [] : readNativeFile(nativeFile)),
  ];
  const all = new Map([...defaults(), ...files, ...variables, ...flags]);
  const native = all.get("mode")?.value === "native" || all.get("fallback")?.value === "native";
  // In subprocess mode Claude Code's variables are its own to judge.
  const own = native ? variables : [...variables].filter(([, { source }]) => !source.startsWith("ANTHROPIC_"));
  const given = new Map([...defaults(), ...files, ...own, ...flags]);

  const values = Object.fromEntries(settings.map((name) => [name, check(options[name], given.get(name))]));
  const sources = Object.fromEntries(settings.map((name) => [name, given.get(name)?.source ?? "default"]));
  // The table's type says that each schema gives what the Config holds under that name.
  const config = Object.freeze({ ...values, ...(mode && { mode }), env }) as Config;
  refuseOpenDoor(config);
  return {
    config,
    sources: sources as Record<Setting, string>,
    file,
    warnings: [...exposed(given), ...reachable(config), ...forgetful(config)],
  };
}

function readFlags(args: readonly string[]): Map<Name, Given> {
  const flags = new Map(
    table.map(([name, option]) => [`--${option.flag}`, { name, option, value: option.switch ? "true" : "" }]),
  );
  for (const [name, option] of table) {
    for (const [flag, value] of Object.entries(option.shorthands ?? {}))
      flags.set(`--${flag}`, { name, option, value });
  }

  const given = new Map<Name, Given>();
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith("-")) {
      throw usage(`Unexpected ${quote(arg)}: a command comes first, and what follows are options; see sluice --help.`);
    }
    const [source = "", ...inline] = arg.split("=");
    const flag = flags.get(source);
    if (flag === undefined) throw usage(unknown("option", source, [...flags.keys()]));
    const { name, option } = flag;

    if (flag.value !== "" && inline.length > 0) throw usage(`${source} takes no value.`);
    // A flag that follows is never the value: that one was forgotten.
    const next = () => (rest[0]?.startsWith("-") ? undefined : rest.shift());
    const value = flag.value || (inline.length > 0 ? inline.join("=") : next());
    if (!value) throw usage(`${source} needs a value: ${source} ${option.hint}.`);

    const before = given.get(name);
    if (before === undefined) given.set(name, { value, source });
    else if (option.list) before.value = `${before.value},${value}`;
    else if (before.source === source) throw usage(`${source} is given twice.`);
    else if (before.value !== value) throw usage(`${before.source} and ${source} contradict each other: give one.`);
  }
  return given;
}

/** An empty variable counts as not set. Unknown SLUICE_… names are left alone: they may be anyone's. */
function readVariables(env: Environment): Map<Name, Given> {
  const given = new Map<Name, Given>();
  for (const [name, option] of table) {
    const source = variablesOf(option).find((variable) => env[variable]);
    if (source !== undefined) given.set(name, { value: env[source], source });
  }
  return given;
}

function defaultFile(env: Environment): string {
  return join(env["XDG_CONFIG_HOME"] || join(homeOf(env), ".config"), "sluice", "config.yaml");
}

function readFile(path: string, required: boolean): Map<Name, Given> {
  const names = new Map(settings.map((name) => [options[name].flag, name]));
  const given = new Map<Name, Given>();
  for (const [key, value] of readConfigFile(path, required)) {
    const name = names.get(key);
    if (name === undefined) throw usage(`${path}: ${unknown("key", key, [...names.keys()])}`);
    if (value !== null && value !== "") given.set(name, { value, source: `${path}: ${key}`, file: path });
  }
  return given;
}

function readNativeFile(asked: Given): Map<Name, Given> {
  const implied: [Name, Given] = ["mode", { value: "native", source: asked.source }];
  return new Map([implied, ...readFile(check(nativeConfigFile, asked) as string, true)]);
}

function defaults(): Map<Name, Given> {
  const withDefault = table.filter(([, option]) => option.fallback !== undefined);
  return new Map(withDefault.map(([name, { fallback }]) => [name, { value: fallback, source: "default" }]));
}

function check(option: Option<unknown>, given: Given | undefined): unknown {
  if (given === undefined) return undefined;
  const result = option.schema.safeParse(given.value);
  if (result.success) return result.data;
  const instead = option.secret ? "" : `, not ${quote(given.value)}`;
  throw usage(`${given.source} must be ${option.expects}${instead}.`);
}

/** Throws a StartError where other machines could come in without a key. */
export function refuseOpenDoor({ host, clientKey }: Config): void {
  if (clientKey !== undefined || isLoopback(host)) return;
  throw usage(
    `Listening on ${host} lets other machines in: set SLUICE_CLIENT_KEY to a key that clients must send, or leave out --host.`,
  );
}

function unknown(kind: string, name: string, names: readonly string[]): string {
  const meant = nearest(name, names);
  return `Unknown ${kind} ${quote(name)}${meant === undefined ? "." : `: did you mean ${meant}?`}`;
}

/** Where secrets lie open to the other users of this machine. */
function exposed(given: ReadonlyMap<Name, Given>): string[] {
  const secrets = table.flatMap(([name, { secret }]) => (secret ? (given.get(name) ?? []) : []));
  const sentences = secrets.flatMap(({ source, file }) => {
    if (source.startsWith("--"))
      return `${source} can be read by every user of this machine, in \`ps\`: a variable or the config file can't`;
    return file !== undefined && readableByAnyone(file)
      ? `${file} can be read by every user of this machine, and holds a key: \`chmod 600\` it`
      : [];
  });
  return [...new Set(sentences)];
}

/** What there is to say where other machines can come. */
function reachable({ host, clientKey = "" }: Config): string[] {
  if (isLoopback(host)) return [];
  const warning = `On ${host} there is no TLS: whoever is on the way can read the key, and all that is sent`;
  return clientKey.length < 16 ? [warning, "A client key of less than 16 characters can be guessed"] : [warning];
}

/** Budgets that nobody remembers. */
function forgetful({ noLedger, budgetDay, budgetMonth, budgetDayRequests, budgetMonthRequests }: Config): string[] {
  const budgets = [budgetDay, budgetMonth, budgetDayRequests, budgetMonthRequests];
  if (!noLedger || budgets.every((budget) => budget === undefined)) return [];
  return ["Without a ledger the budgets count from the start of Sluice on only: leave out --no-ledger"];
}

function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$/.test(host);
}

/** A value as one short line, whatever it holds. */
function quote(value: unknown): string {
  const line = toJson(value) ?? String(value);
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

/** YAML can refer to itself. */
function toJson(value: unknown): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

function usage(sentence: string): StartError {
  return new StartError("usage", sentence);
}
