import type { Config } from "./config.ts";

export type LogFields = Readonly<Record<string, unknown>>;

/** One line an event, on stderr. Secrets are left out: what a field's name marks as one, and those that are configured. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export type LogConfig = Pick<Config, "logLevel" | "logFormat" | "logBodies">;

export interface ConfigurableLog extends Log {
  /** What is logged from now on, and how. `conceal` takes secrets out of a line. */
  configure(config: LogConfig, conceal?: (line: string) => string): void;
}

type Level = keyof Log;

const levels = ["debug", "info", "warn", "error", "silent"] as const;

/** The longest value of a field, in UTF-16 units. */
const longest = { usual: 4000, bodies: 1_000_000 };

/** A log that drops what is below `level`. Writes for people on a terminal, JSON for programs elsewhere. */
export function createLog(level: Config["logLevel"], write?: (line: string) => void): ConfigurableLog {
  const out = write ?? ((line: string) => void process.stderr.write(line));
  const onTerminal = write === undefined && process.stderr.isTTY;
  let config: LogConfig = { logLevel: level, logFormat: "auto", logBodies: false };
  let conceal = (line: string) => line;

  const at =
    (own: Level) =>
    (message: string, fields: LogFields = {}) => {
      if (levels.indexOf(own) < levels.indexOf(config.logLevel)) return;
      const { logFormat, logBodies } = config;
      const pretty = logFormat === "pretty" || (logFormat === "auto" && onTerminal);
      const format = pretty ? formatForPeople : formatForPrograms;
      out(`${conceal(format(new Date(), own, message, fields, logBodies ? longest.bodies : longest.usual))}\n`);
    };
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    configure(next, concealNext = conceal) {
      config = next;
      conceal = concealNext;
    },
  };
}

/** `{"time":"2026-11-21T01:20:00.000Z","level":"info","msg":"POST /v1/messages","status":200}` */
export function formatForPrograms(
  time: Date,
  level: Level,
  message: string,
  fields: LogFields,
  most = longest.usual,
): string {
  const all = Object.entries({ time: time.toISOString(), level, msg: message, ...fields });
  const members = all.flatMap(([name, value]) =>
    value === undefined ? [] : [`${JSON.stringify(name)}:${jsonOf(isSecret(name) ? redacted : value, most)}`],
  );
  return escapeControls(`{${members.join(",")}}`);
}

const colours: Record<Level, string> = { debug: "\x1b[90m", info: "\x1b[32m", warn: "\x1b[33m", error: "\x1b[31m" };

/** `01:20:00 info  POST /v1/messages status=200`, with the level in colour. */
export function formatForPeople(
  time: Date,
  level: Level,
  message: string,
  fields: LogFields,
  most = longest.usual,
): string {
  const clock = `\x1b[90m${time.toTimeString().slice(0, 8)}\x1b[0m`;
  const coloured = `${colours[level]}${level.padEnd(5)}\x1b[0m`;
  const pairs = Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [`${name.replace(/[^\w.-]/g, "_")}=${isSecret(name) ? redacted : show(value, most)}`];
  });
  return [clock, coloured, escapeControls(message), ...pairs].join(" ");
}

const redacted = "[redacted]";

/** Looks at whole words: `apiKey` and `x-api-key` are secrets, `input_tokens` and `monkey` are not. */
export function isSecret(name: string): boolean {
  const words = name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
  return /(^|[^a-z])(key|token|authorization|secret|password|cookie)([^a-z]|$)/.test(words);
}

/** A value without quotes where it needs none. */
function show(value: unknown, most: number): string {
  const json = jsonOf(value, most);
  const text = typeof value === "string" ? value : json;
  return /^[\w.:/@+-]+$/.test(text) && text.length <= most ? text : escapeControls(json);
}

/** A log line must come out whatever it is given: a cycle, a bigint, an object that throws. */
function jsonOf(value: unknown, most: number): string {
  try {
    if (typeof value === "string") return JSON.stringify(cut(value, most));
    if (value instanceof Error) return JSON.stringify(cut(value.stack ?? String(value), most));
    const json = JSON.stringify(value, (name, inner: unknown) => (isSecret(name) ? redacted : inner)) as
      string | undefined;
    if (json === undefined) return JSON.stringify(cut(String(value), most));
    return json.length > most ? JSON.stringify(cut(json, most)) : json;
  } catch {
    return JSON.stringify(Object.prototype.toString.call(value));
  }
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}…` : text;
}

/** What would move the cursor, forge a line or turn the text around: C0, DEL, C1, line separators, bidi controls. */
export function escapeControls(text: string): string {
  const controls = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
