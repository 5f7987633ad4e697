/** The options of the log. */

import type { Config } from "./config.ts";
import { oneOf, onOff, path } from "./option-values.ts";
import type { Option } from "./options.ts";

type Name = "logLevel" | "logFormat" | "logFile" | "logBodies";

export const logOptions: { readonly [K in Name]: Option<Config[K]> } = {
  logLevel: {
    flag: "log-level",
    description: "How much to log to stderr: debug, info, warn, error or silent",
    hint: "LEVEL",
    expects: "debug, info, warn, error or silent",
    schema: oneOf("debug", "info", "warn", "error", "silent"),
    fallback: "info",
  },
  logFormat: {
    flag: "log-format",
    description: "How to log: json, pretty, or auto: pretty on a terminal, json elsewhere",
    hint: "FORMAT",
    expects: "auto, json or pretty",
    schema: oneOf("auto", "json", "pretty"),
    fallback: "auto",
  },
  logFile: {
    flag: "log-file",
    description: "Log to this file instead of stderr; at 10 MB it becomes FILE.1, of which three are kept",
    hint: "FILE",
    expects: "a path",
    schema: path,
  },
  logBodies: {
    flag: "log-bodies",
    description: "Log prompts and answers, too; never done unless this is set",
    hint: "",
    expects: "true or false",
    schema: onOff,
    fallback: "false",
    switch: true,
  },
};
