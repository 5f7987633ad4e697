/** Completions and the manual, in the shells and readers that they are made for. */

import { beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commands } from "../../src/commands/index.ts";
import { exitCodes } from "../../src/error.ts";
import { configFile, options, variablesOf } from "../../src/options.ts";
import { describe as describeCommands } from "../../src/shell/describe.ts";
import { manual } from "../../src/shell/manual.ts";
import { runCommand } from "../support/command.ts";
import { installPrograms } from "../support/debian.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/environment.ts";

const described = await describeCommands(commands);

beforeAll(() => installPrograms({ zsh: "zsh", fish: "fish", mandoc: "mandoc", groff: "groff-base" }), 400_000);

/** Words of a command line, the last of them unfinished, and what a shell makes of it. */
const cases: [line: string, completed: string][] = [
  ["de", "demo"],
  ["serve --spar", "--spares"],
  ["--log-level si", "silent"],
  ["config --js", "--json"],
  ["completions z", "zsh"],
  ["usage --by mo", "model"],
  ["service unin", "uninstall"],
  ["help dem", "demo"],
];

interface Shell {
  name: "bash" | "zsh" | "fish";
  /** What a shell makes of lines; the completions are in the file `script` of the folder. */
  complete(folder: string, lines: readonly string[]): Promise<string[]>;
}

const shells: Shell[] = [
  {
    name: "bash",
    complete: (folder, lines) =>
      each(lines, (line) => {
        const words = `COMP_WORDS=(sluice ${line}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))`;
        const script = `source ./script; ${words}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
        return run(["bash", "--norc", "-c", script], folder);
      }),
  },
  {
    name: "zsh",
    async complete(folder, lines) {
      expect(await run(["zsh", "-f", "-c", zshSession, "zsh", ...lines], folder)).toBe("");
      return await each(lines, (_, index) => Bun.file(join(folder, `line-${index + 1}`)).text());
    },
  },
  {
    name: "fish",
    complete: (folder, lines) =>
      each(lines, (line) =>
        run(["fish", "--no-config", "-c", `source ./script; complete -C "sluice ${line}"`], folder),
      ),
  },
];

/**
 * An interactive zsh in a terminal of its own: each line with a tab behind it, and a key that writes down what has become
 * of the line.
 */
const zshSession = `
zmodload zsh/zpty
zpty session zsh -f -i
zpty -w session 'autoload -Uz compinit; compinit -D -u; source ./script'
zpty -w session 'note() { print -rn -- "$BUFFER" > part; mv part line-$((++lines)); BUFFER=; zle accept-line }'
zpty -w session 'zle -N note; bindkey "^O" note'
for line in "$@"; do zpty -w -n session "sluice $line"$'\\t\\x0f'; done
for try in {1..2000}; do
  [[ -e line-$# ]] && break
  zpty -r -t session out
  sleep 0.01
done
zpty -d session
`;

async function each(lines: readonly string[], action: (line: string, index: number) => Promise<string>) {
  const results: string[] = [];
  for (const [index, line] of lines.entries()) results.push(await action(line, index));
  return results;
}

describe.each(shells)("$name", ({ name, complete }) => {
  test("completes commands, options, and values", async () => {
    await using folder = await prepare(name);
    const results = await complete(
      folder.path,
      cases.map(([line]) => line),
    );
    for (const [index, [, completed]] of cases.entries()) expect(results[index]).toContain(completed);
  });

  test("has no fault of syntax, and knows every command and every option", async () => {
    await using folder = await prepare(name);
    expect(await run([name, "-n", "./script"], folder.path)).toBe("");
    const script = await Bun.file(join(folder.path, "script")).text();
    for (const command of Object.keys(commands)) expect(script).toContain(command);
    for (const { flag } of Object.values(options))
      expect(script).toContain(name === "fish" ? `-l ${flag} ` : `--${flag}`);
  });
});

test.each([[[]], [["tcsh"]], [["bash", "zsh"]]])("%p is told which shells there are", async (args) => {
  const { code, stderr } = await runCommand(["completions", ...args]);
  expect([code, stderr]).toEqual([exitCodes.usage, "sluice: Name one shell: sluice completions bash, zsh or fish.\n"]);
});

describe("the manual", () => {
  const page = manual({ name: "sluice", version: "1.2.3", description: "A test", commands: described, exitCodes });

  test("has no fault of form, but that it tells no date, which would not stay the same", async () => {
    await using folder = await temporaryFolder();
    await Bun.write(join(folder.path, "sluice.1"), page);
    const faults = await run(["mandoc", "-T", "lint", "-W", "warning", "sluice.1"], folder.path);
    expect(faults.trim()).toMatch(/^mandoc: sluice\.1:1:\d+: WARNING: missing date, using "": TH$/);
    expect(await run(["groff", "-ww", "-man", "-T", "ascii", "-z", "sluice.1"], folder.path)).toBe("");
  });

  test("tells of every command, option and variable, and every exit code", async () => {
    await using folder = await temporaryFolder();
    await Bun.write(join(folder.path, "sluice.1"), page);
    const text = (await run(["mandoc", "-T", "ascii", "sluice.1"], folder.path)).replace(/.[\b]/g, "");
    for (const { name } of described) expect(text).toMatch(new RegExp(`^ {7}${name}\\b`, "m"));
    for (const option of [...Object.values(options), configFile]) {
      expect(text).toMatch(new RegExp(`^ {7}--${option.flag}( ${option.hint})?$`, "m"));
      for (const variable of variablesOf(option)) expect(text).toContain(variable);
    }
    for (const code of Object.values(exitCodes)) expect(text).toMatch(new RegExp(`^ {7}${code} `, "m"));
  });
});

async function prepare(shell: string): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const { code, stdout } = await runCommand(["completions", shell]);
  expect(code).toBe(0);
  await Bun.write(join(folder.path, "script"), stdout);
  return folder;
}

/** What a command prints, to stdout and stderr. */
async function run(command: string[], cwd: string): Promise<string> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: cwd, TERM: "dumb" };
  const child = Bun.spawn(command, { cwd, env, stdin: "ignore", stdout: "pipe", stderr: "pipe", timeout: 30_000 });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return stdout + stderr;
}
