#!/usr/bin/env -S bun --no-env-file
/** The command line's door: which command, how failures are told, and the only process.exit. */

import { type CommandDef, defineCommand, renderUsage, runCommand } from "citty";
import manifest from "../package.json" with { type: "json" };
import { commands } from "./commands/index.ts";
import { StartError } from "./error.ts";
import { escapeControls } from "./log.ts";
import { nearest } from "./nearest.ts";

const sluice = defineCommand({
  meta: { name: "sluice", version: manifest.version, description: manifest.description },
  subCommands: commands,
});

/** Runs a command line and answers with the exit code. A command's run answers with it too, or with nothing for 0. */
async function main(args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === "--version" || first === "-v") {
    console.log(manifest.version);
    return 0;
  }
  const wantsHelp = first === "help" || args.includes("--help") || args.includes("-h");
  const named = first === "help" ? rest[0] : first;

  // Not citty's own choice of a command, which takes the 3000 of `--port 3000` for one.
  const isCommand = named !== undefined && !named.startsWith("-");
  if (wantsHelp) {
    await showHelp(isCommand ? await findCommand(named) : undefined);
    return 0;
  }
  const command = await findCommand(isCommand ? named : "serve");
  const { result } = await runCommand(command, { rawArgs: isCommand ? rest : [...args] });
  return typeof result === "number" ? result : 0;
}

async function findCommand(name: string): Promise<CommandDef> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return await command();
  // claude-max-api-proxy takes its port so.
  const meant = /^\d+$/.test(name) ? `--port ${name}` : nearest(name, Object.keys(commands));
  const hint = meant === undefined ? "sluice --help lists the commands." : `did you mean ${meant}?`;
  throw new StartError("usage", `Unknown command ${JSON.stringify(name)}: ${hint}`);
}

async function showHelp(command: CommandDef | undefined): Promise<void> {
  const usage = command === undefined ? await renderUsage(sluice) : await renderUsage(command, sluice);
  const coloured = usage.replace(/ +$/gm, "");
  console.log(process.stdout.isTTY ? coloured : Bun.stripANSI(coloured));
}

/** What can be mended is one sentence; anything else is a bug, and its stack is wanted. */
function report(error: unknown): number {
  if (error instanceof StartError) {
    console.error(`sluice: ${escapeControls(error.message)}`);
    return error.exitCode;
  }
  console.error(error);
  return 1;
}

process.exit(await main(process.argv.slice(2)).catch(report));
