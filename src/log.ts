import type { Config } from "./config.ts";

export type LogFields = Readonly<Record<string, unknown>>;

/** One line an event, on stderr. What a field's name marks as a secret is left out. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type Level = keyof Log;

const levels = ["debug", "info", "warn", "error", "silent"] as const;
const longestValue = 4000;

/** A log that drops what is below `level`. Writes for people on a terminal, logfmt for programs elsewhere. */
export function createLog(level: Config["logLevel"], write?: (line: string) => void): Log {
  const format = write === undefined && process.stderr.isTTY ? formatForPeople : formatForPrograms;
  const out = write ?? ((line: string) => void process.stderr.write(line));
  const at = (own: Level) => {
    if (levels.indexOf(own) < levels.indexOf(level)) return () => {};
    return (message: string, fields: LogFields = {}) => out(`${format(new Date(), own, message, fields)}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** `time=2026-11-21T01:20:00.000Z level=info msg=request status=200` */
export function formatForPrograms(time: Date, level: Level, message: string, fields: LogFields): string {
  return pairs({ time: time.toISOString(), level, msg: message, ...fields }).join(" ");
}

const colours: Record<Level, string> = { debug: "\x1b[90m", info: "\x1b[32m", warn: "\x1b[33m", error: "\x1b[31m" };

/** `01:20:00 info  request  status=200`, with the level in colour. */
export function formatForPeople(time: Date, level: Level, message: string, fields: LogFields): string {
  const clock = `\x1b[90m${time.toTimeString().slice(0, 8)}\x1b[0m`;
  const coloured = `${colours[level]}${level.padEnd(5)}\x1b[0m`;
  return [clock, coloured, escapeControls(message), ...pairs(fields)].join(" ");
}

function pairs(fields: LogFields): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [`${name.replace(/[^\w.-]/g, "_")}=${isSecret(name) ? "[redacted]" : show(value)}`];
  });
}

/** Looks at whole words: `apiKey` and `x-api-key` are secrets, `input_tokens` and `monkey` are not. */
function isSecret(name: string): boolean {
  const words = name.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase();
  return /(^|[^a-z])(key|token|authorization|secret|password|cookie)([^a-z]|$)/.test(words);
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : textOf(value);
  const short = text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
  return /^[\w.:/@+-]+$/.test(short) ? short : escapeControls(JSON.stringify(short));
}

/** A log line must come out whatever it is given: a cycle, a bigint, an object that throws. */
function textOf(value: unknown): string {
  try {
    if (value instanceof Error) return value.stack ?? String(value);
    return JSON.stringify(value, (name, inner: unknown) => (isSecret(name) ? "[redacted]" : inner)) ?? String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

/** What would move the cursor, forge a line or turn the text around: C0, DEL, C1, line separators, bidi controls. */
export function escapeControls(text: string): string {
  const controls = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;
  return text.replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
