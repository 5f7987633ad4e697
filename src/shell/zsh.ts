import { type Command, defaultCommand, type Flag } from "./describe.ts";

/** What completes `sluice` in zsh: a file for a folder in `fpath`, or to be sourced after `compinit`. */
export function zsh(commands: readonly Command[]): string {
  return `#compdef sluice

_sluice() {
  local curcontext=$curcontext state state_descr line command=${defaultCommand}
  typeset -A opt_args
  local -a commands=(
${[...commands, help].map(({ name, description }) => `    ${quote(`${name}:${escape(description)}`)}`).join("\n")}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe -t commands command commands
    return
  fi
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
${commands.map(commandCase).join("\n")}
    help)
      _arguments ${quote(`1:command:(${commands.map(({ name }) => name).join(" ")})`)}
      ;;
  esac
}

if [[ $funcstack[1] == _sluice ]]; then
  _sluice "$@"
else
  compdef _sluice sluice
fi
`;
}

const help = { name: "help", description: "Show the options of a command" };

function commandCase({ name, flags, operands }: Command): string {
  const specs = [
    "'(- *)--help[Show the options]'",
    ...flags.map(flagSpec),
    ...operands.map(({ name, words }, index) =>
      quote(`${index + 1}:${escape(name)}:${words.length > 0 ? `(${words.join(" ")})` : " "}`),
    ),
  ];
  return `    ${name})\n      _arguments -s \\\n        ${specs.join(" \\\n        ")}\n      ;;`;
}

function flagSpec({ name, description, hint, value, list }: Flag): string {
  const what = `--${name}${hint && "="}[${escape(description)}]`;
  return quote(`${list ? "*" : ""}${what}${hint && `:${hint}:${action(value)}`}`);
}

function action(value: Flag["value"]): string {
  if (typeof value === "string") return value === "file" ? "_files" : "_files -/";
  return value.length > 0 ? `(${value.join(" ")})` : " ";
}

const escape = (text: string): string => text.replace(/[[\]:\\]/g, "\\$&");

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
