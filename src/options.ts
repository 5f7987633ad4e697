import type { Config } from "./config.ts";
import {
  age,
  type Check,
  directory,
  duration,
  expectsAge,
  expectsTime,
  hostname,
  listOf,
  matching,
  oneOf,
  onOff,
  origin,
  path,
  secret,
  size,
  text,
  whole,
} from "./option-values.ts";
import { logOptions } from "./options-log.ts";
import { nativeOptions } from "./options-native.ts";
import { processOptions } from "./options-processes.ts";
import { usageOptions } from "./options-usage.ts";

/** One thing that can be configured. Its flag is also its key in the config file and, as SLUICE_…, its variable. */
export interface Option<T> {
  flag: string;
  description: string;
  /** Stands for the value in help texts. */
  hint: string;
  /** Completes the sentence "--port must be …". */
  expects: string;
  schema: Check<T>;
  /** The default, as it would be typed. */
  fallback?: string;
  /** Never printed. */
  secret?: true;
  /** A list: values separated by commas, a flag given more than once, or a list in the config file. */
  list?: true;
  /** The variable's names in earlier proxies. */
  oldVariables?: readonly string[];
  /** On or off: the flag alone turns it on. */
  switch?: true;
  /** Flags that stand for one value of this option. */
  shorthands?: Readonly<Record<string, T & string>>;
}

/** What the table below decides; the rest of the Config comes from the command and the environment. */
export type Setting = Exclude<keyof Config, "env">;

/** Every option, in the order of the help text. */
export const options: { readonly [K in Setting]: Option<Config[K]> } = {
  mode: {
    flag: "mode",
    description: "What answers: subprocess (the Claude Code that is logged in) or native (an API key or a gateway)",
    hint: "MODE",
    expects: "subprocess or native",
    schema: oneOf("subprocess", "native"),
    fallback: "subprocess",
  },
  port: {
    flag: "port",
    description: "The port to listen on; 0 takes a free one",
    hint: "PORT",
    expects: "a port number from 0 to 65535",
    schema: whole(0, 65535),
    fallback: "3456",
    oldVariables: ["CLAUDE_PROXY_PORT", "PORT"],
  },
  host: {
    flag: "host",
    description: "The address to listen on; one beyond loopback needs a client key",
    hint: "ADDRESS",
    expects: "a host name or an IP address",
    schema: hostname,
    fallback: "127.0.0.1",
    oldVariables: ["CLAUDE_PROXY_HOST"],
  },
  claude: {
    flag: "claude",
    description: "Claude Code: a path, or a name on PATH",
    hint: "PATH",
    expects: "a path or a name",
    schema: path,
  },
  model: {
    flag: "model",
    description: "The model of requests that name none",
    hint: "MODEL",
    expects: "a model's name",
    schema: text,
    oldVariables: ["CLAUDE_MODEL"],
  },
  cwd: {
    flag: "cwd",
    description: "Where Claude Code runs; otherwise in an empty directory of its own",
    hint: "DIRECTORY",
    expects: "a directory that exists",
    schema: directory,
    oldVariables: ["CLAUDE_PROXY_WORKDIR"],
  },
  effort: {
    flag: "effort",
    description: "The effort of requests that name none: low, medium, high, xhigh or max",
    hint: "EFFORT",
    expects: "low, medium, high, xhigh or max",
    schema: oneOf("low", "medium", "high", "xhigh", "max"),
  },
  maxTurns: {
    flag: "max-turns",
    description: "How often Claude Code may ask the model in one request",
    hint: "NUMBER",
    expects: "a whole number from 1 to 1000",
    schema: whole(1, 1000),
  },
  agent: {
    flag: "agent",
    description: "Offer agent/MODEL beside each model: Claude Code with its own tools, working in --cwd",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
  permissionMode: {
    flag: "permission-mode",
    description: "What agents may do unasked, in Claude Code's own terms: dontAsk, manual, acceptEdits, auto or plan",
    hint: "MODE",
    expects: "dontAsk, manual, acceptEdits, auto, plan or bypassPermissions",
    schema: oneOf("dontAsk", "manual", "acceptEdits", "auto", "plan", "bypassPermissions"),
    fallback: "dontAsk",
  },
  allowedTools: {
    flag: "allowed-tools",
    description: "A tool that agents may use unasked, such as Read or Bash(git:*)",
    hint: "RULE",
    expects: "permission rules of Claude Code",
    schema: listOf(text),
    fallback: "",
    list: true,
  },
  showTools: {
    flag: "show-tools",
    description: "Show an agent's own tool calls as thinking",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
  systemPrompt: {
    flag: "system-prompt",
    description: "A request's system prompt: replace or append to Claude Code's own, or embed in the first user turn",
    hint: "MODE",
    expects: "replace, append or embed",
    schema: oneOf("replace", "append", "embed"),
    fallback: "replace",
    shorthands: { "embed-system-prompt": "embed", "replace-system-prompt": "replace" },
  },
  clientKey: {
    flag: "client-key",
    description:
      "The key that clients must send; other users of this machine see flags in `ps`, not variables or files",
    hint: "KEY",
    expects: "a text (in quotes) of printable characters without spaces",
    schema: secret,
    secret: true,
    oldVariables: ["PROXY_API_KEY"],
  },
  maxBody: {
    flag: "max-body",
    description: "The largest request body",
    hint: "SIZE",
    expects: "a size up to 1gb, such as 32mb, 512kb or 1000000 (bytes)",
    schema: size,
    fallback: "32mb",
  },
  ...processOptions,
  stallTimeout: {
    flag: "stall-timeout",
    description: "How long Claude Code, or the upstream, may be silent in the middle of an answer",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "10m",
  },
  ...nativeOptions,
  responseTtl: {
    flag: "response-ttl",
    description: "How long a stored response can be retrieved and continued",
    hint: "TIME",
    expects: expectsAge,
    schema: age,
    fallback: "30d",
  },
  ...usageOptions,
  drainTimeout: {
    flag: "drain-timeout",
    description: "How long running answers may take to end when Sluice is told to stop",
    hint: "TIME",
    expects: expectsTime,
    schema: duration,
    fallback: "30s",
  },
  exitWithParent: {
    flag: "exit-with-parent",
    description: "Stop when the process that started Sluice is gone, however it went; for programs that start Sluice",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
  ...logOptions,
  allowedHosts: {
    flag: "allow-host",
    description: "Another name that clients reach this server by, such as a tunnel's",
    hint: "NAME",
    expects: "host names without a port",
    schema: listOf(hostname),
    fallback: "",
    list: true,
  },
  allowedOrigins: {
    flag: "allow-origin",
    description: "A web page's origin that may send requests",
    hint: "ORIGIN",
    expects: "origins such as https://example.com",
    schema: listOf(origin),
    fallback: "",
    list: true,
  },
  passEnv: {
    flag: "pass-env",
    description: "Another environment variable that Claude Code may see",
    hint: "NAME",
    expects: "names of environment variables",
    schema: listOf(matching(/^[A-Za-z_][A-Za-z0-9_]*$/)),
    fallback: "",
    list: true,
  },
};

/** Where the config file is: known from flags and variables only, and no part of the Config. */
export const configFile: Option<string> = {
  flag: "config",
  description: "The config file to read instead of $XDG_CONFIG_HOME/sluice/config.yaml",
  hint: "FILE",
  expects: "a path",
  schema: path,
};

/** A second config file for native mode, under the name that people of earlier proxies know. */
export const nativeConfigFile: Option<string> = {
  flag: "native-config",
  description: "A config file for native mode: read over the other one, and native unless it says otherwise",
  hint: "FILE",
  expects: "a path",
  schema: path,
};

/** The environment variables of an option, the one that counts first. */
export function variablesOf(option: Option<unknown>): string[] {
  const own = `SLUICE_${option.flag.replaceAll("-", "_").toUpperCase()}`;
  return [own, ...(option.oldVariables ?? [])];
}
