import { type Command, defaultCommand, type Flag } from "./describe.ts";

/** What completes `sluice` in fish. */
export function fish(commands: readonly Command[]): string {
  const names = commands.map(({ name }) => name);
  const flags = [...new Map(commands.flatMap((command) => command.flags).map((flag) => [flag.name, flag])).values()];
  const none = `not __fish_seen_subcommand_from ${names.join(" ")} help`;
  const lines = [
    "# fish completion for sluice",
    "complete -c sluice -f",
    ...commands.map(({ name, description }) => complete(none, `-a ${name} -d ${quote(description)}`)),
    complete(none, "-a help -d 'Show the options of a command'"),
    complete("__fish_seen_subcommand_from help", `-a ${quote(names.join(" "))}`),
    complete("", "-s h -l help -d 'Show the options'"),
    ...flags.map((flag) => complete(condition(flag, commands), flagOf(flag))),
    ...commands.flatMap(({ name, operands }) =>
      operands.flatMap(({ description, words }) =>
        words.length === 0
          ? []
          : complete(
              `__fish_seen_subcommand_from ${name}; and not __fish_seen_subcommand_from ${words.join(" ")}`,
              `-a ${quote(words.join(" "))} -d ${quote(description)}`,
            ),
      ),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

function complete(condition: string, what: string): string {
  return `complete -c sluice ${condition && `-n ${quote(condition)} `}${what}`;
}

/** Where a flag may stand; empty where that is everywhere. */
function condition({ name }: Flag, commands: readonly Command[]): string {
  const takes = (command: Command) => command.flags.some((flag) => flag.name === name);
  const other = commands.filter((command) => !takes(command)).map((command) => command.name);
  if (other.length === 0) return "";
  const names = commands.filter(takes).map((command) => command.name);
  return names.includes(defaultCommand)
    ? `not __fish_seen_subcommand_from ${other.join(" ")} help`
    : `__fish_seen_subcommand_from ${names.join(" ")}`;
}

function flagOf({ name, description, hint, value }: Flag): string {
  const flag = `-l ${name} -d ${quote(description)}`;
  if (hint === "") return flag;
  if (value === "file") return `${flag} -r -F`;
  if (value === "directory") return `${flag} -x -a '(__fish_complete_directories)'`;
  return value.length === 0 ? `${flag} -x` : `${flag} -x -a ${quote(value.join(" "))}`;
}

const quote = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
