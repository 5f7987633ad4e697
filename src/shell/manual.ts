import { configFile, type Option, options, variablesOf } from "../options.ts";
import { type Command, defaultCommand } from "./describe.ts";

export interface Program {
  name: string;
  version: string;
  description: string;
  commands: readonly Command[];
  /** What each exit code but 0 says. */
  exitCodes: Readonly<Record<string, number>>;
}

/** The manual page sluice(1), as roff with the macros of man(7). */
export function manual({ name, version, description, commands, exitCodes }: Program): string {
  const shared = new Set(commands.find((command) => command.name === defaultCommand)?.flags.map((flag) => flag.name));
  const own = (command: Command) => command.flags.filter((flag) => !shared.has(flag.name));
  const lines = [
    `.TH ${name.toUpperCase()} 1 "" "${name} ${escape(version)}"`,
    ".SH NAME",
    `${name} \\- ${escape(description)}`,
    ".SH SYNOPSIS",
    `.B ${name}`,
    `.RI [ command "] [" option ...]`,
    ".SH DESCRIPTION",
    text(`Listens on this machine, drives the official claude command behind it, and answers on /v1/messages,
/v1/chat/completions and /v1/responses. With an API key it can also call the API directly.`),
    ".SH COMMANDS",
    ...commands.flatMap((command) => [
      ".TP",
      `.B ${[command.name, ...command.operands.map((one) => one.name.toUpperCase())].map(escape).join(" ")}`,
      text(`${command.description}.`),
      ...command.operands.flatMap((operand) => (operand.description === "" ? [] : sentence(operand))),
      ...own(command).flatMap((flag) => [
        ".RS",
        ".TP",
        flagLine(flag.name, flag.hint),
        text(`${flag.description}.${flag.fallback === undefined ? "" : ` Default: ${flag.fallback}.`}`),
        ".RE",
      ]),
    ]),
    ".TP",
    `.B help COMMAND`,
    "Show the options of a command.",
    ".SH OPTIONS",
    text(`A flag wins over a variable, a variable over the config file, the file over the default. The keys of the config
file are the flags without dashes in front. Lists take commas, or the flag more than once.`),
    ...[...Object.values(options), configFile].flatMap(option),
    ".SH FILES",
    ".TP",
    ".I $XDG_CONFIG_HOME/sluice/config.yaml",
    "The config file, in ~/.config where the variable is not set.",
    ".TP",
    ".I $XDG_STATE_HOME/sluice",
    "What Sluice keeps, in ~/.local/state where the variable is not set.",
    ".SH SIGNALS",
    text("The first SIGINT or SIGTERM lets running answers end, a second one ends Sluice at once."),
    text("SIGHUP has it read its config file again."),
    ".SH EXIT STATUS",
    ...[["Stopped, or done.", 0], ["A bug.", 1], ...Object.entries(exitCodes)].flatMap(([words, code]) => [
      ".TP",
      `.B ${code}`,
      text(sentenceOf(String(words))),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

function option(option: Option<unknown>): string[] {
  const { flag, hint, description, fallback, shorthands = {} } = option;
  const extra = [
    ...(fallback ? [`Default: ${fallback}.`] : []),
    ...Object.entries(shorthands).map(([name, value]) => `--${name} is short for --${flag} ${value}.`),
    `Variable: ${variablesOf(option).join(" or ")}.`,
  ];
  return [
    ".TP",
    `.BI \\-\\-${escape(flag)}${hint && ` " ${escape(hint)}"`}`,
    text(`${description}.`),
    ...extra.map(text),
  ];
}

const flagLine = (flag: string, hint: string): string =>
  hint === "" ? `.B \\-\\-${escape(flag)}` : `.BI \\-\\-${escape(flag)} " ${escape(hint)}"`;

const sentence = ({ name, description }: Command["operands"][number]): string[] => [
  text(`${name.toUpperCase()}: ${description}.`),
];

/** `port_taken`: "Port taken." */
function sentenceOf(words: string): string {
  const plain = words.replaceAll("_", " ").replace(/\.?$/, ".");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** A text that roff prints as it is. */
function text(words: string): string {
  return escape(words).replace(/^(?=[.'])/gm, "\\&");
}

function escape(words: string): string {
  return words.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("`", "");
}
