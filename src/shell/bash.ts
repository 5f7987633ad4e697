import { type Command, defaultCommand, type Flag } from "./describe.ts";

/** What completes `sluice` in bash, 3.2 and later. */
export function bash(commands: readonly Command[]): string {
  const flags = [...new Map(commands.flatMap((command) => command.flags).map((flag) => [flag.name, flag])).values()];
  const valued = flags.filter(({ hint }) => hint !== "");
  return `# bash completion for sluice                              -*- shell-script -*-

_sluice() {
  local IFS=$' \\t\\n' current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command=${defaultCommand} flags= words=
  # In --port=1 the sign is a word of its own.
  if [[ $current == = ]]; then
    current=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  COMPREPLY=()
  case $previous in
${valued
  .filter(({ value }) => value.length > 0)
  .map(valueCase)
  .join("\n")}
    ${valued.flatMap(({ name, value }) => (value.length > 0 ? [] : `--${name}`)).join("|")}) return ;;
  esac

  if [[ $COMP_CWORD -gt 1 && \${COMP_WORDS[1]} != -* ]]; then command=\${COMP_WORDS[1]}; fi
  case $command in
${commands.map(commandCase).join("\n")}
    help) words="${names(commands)}" ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$flags --help" -- "$current"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${names(commands)} help" -- "$current"))
  elif [[ $COMP_CWORD -eq 2 ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}

complete -F _sluice sluice
`;
}

const names = (commands: readonly Command[]): string => commands.map(({ name }) => name).join(" ");

function valueCase({ name, value }: Flag): string {
  const action =
    typeof value === "string"
      ? `IFS=$'\\n'; compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -${value === "file" ? "f" : "d"} -- "$current"))`
      : `COMPREPLY=($(compgen -W "${value.join(" ")}" -- "$current"))`;
  return `    --${name}) ${action}; return ;;`;
}

function commandCase({ name, flags, operands }: Command): string {
  const [first] = operands;
  const words = first === undefined || first.words.length === 0 ? "" : ` words="${first.words.join(" ")}";`;
  return `    ${name}) flags="${flags.map((flag) => `--${flag.name}`).join(" ")}";${words} ;;`;
}
