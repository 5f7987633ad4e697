import { bash } from "./bash.ts";
import type { Command } from "./describe.ts";
import { fish } from "./fish.ts";
import { zsh } from "./zsh.ts";

/** What completes the command line, by the shell. */
export const shells: Readonly<Record<string, (commands: readonly Command[]) => string>> = { bash, zsh, fish };
