/** The command line in the form that completions and the manual are made from: the same that `--help` shows. */

import type { ArgDef, CommandDef } from "citty";
import { configFile, type Option, options } from "../options.ts";

export interface Command {
  name: string;
  description: string;
  flags: Flag[];
  /** What may follow the command, other than flags. */
  operands: Operand[];
}

export interface Flag {
  /** Without dashes. */
  name: string;
  description: string;
  /** Stands for its value; empty where it takes none. */
  hint: string;
  value: Value;
  fallback?: string;
  /** It may be given more than once. */
  list: boolean;
}

export interface Operand {
  name: string;
  description: string;
  words: readonly string[];
}

/** What a shell can complete: one of some words, or the name of a file or folder. */
export type Value = readonly string[] | "file" | "directory";

/** The command that may be left out. */
export const defaultCommand = "serve";

const known = new Map<string, Option<unknown>>([...Object.values(options), configFile].map((one) => [one.flag, one]));

/** Loads every command. */
export async function describe(commands: Readonly<Record<string, () => Promise<CommandDef>>>): Promise<Command[]> {
  return await Promise.all(
    Object.entries(commands).map(async ([name, load]) => {
      const { meta, args, subCommands } = await load();
      const given = Object.entries((await resolved(args)) ?? {});
      const below = Object.keys((await resolved(subCommands)) ?? {});
      const operands = given.flatMap(([name, arg]) => (arg.type === "positional" ? [operandOf(name, arg)] : []));
      return {
        name,
        description: (await resolved(meta))?.description ?? "",
        flags: given.flatMap(([name, arg]) => (arg.type === "positional" ? [] : [flagOf(name, arg)])),
        operands: below.length > 0 ? [{ name: "command", description: "", words: below }, ...operands] : operands,
      };
    }),
  );
}

function flagOf(name: string, { type, description = "", valueHint = "", default: fallback }: ArgDef): Flag {
  const option = known.get(name);
  const hint = type === "boolean" ? "" : valueHint || "VALUE";
  const value = option?.schema.words ?? valueOf(hint);
  return {
    name,
    description,
    hint,
    value,
    ...(typeof fallback === "string" && { fallback }),
    list: option?.list ?? false,
  };
}

function operandOf(name: string, { description = "", valueHint = "" }: ArgDef): Operand {
  return { name, description, words: wordsOf(valueHint) };
}

function valueOf(hint: string): Value {
  if (hint === "DIRECTORY") return "directory";
  return hint === "FILE" || hint === "PATH" ? "file" : wordsOf(hint);
}

/** A hint may name all that a value can be: `bash|zsh|fish`. */
function wordsOf(hint: string): string[] {
  return hint.includes("|") ? hint.split("|") : [];
}

/** A part of a command as citty allows it: itself, to come, or made by a function. */
async function resolved<T extends object>(part: T | Promise<T> | (() => T | Promise<T>) | undefined) {
  return typeof part === "function" ? await part() : await part;
}
