import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { exitCodes } from "../../src/error.ts";
import { options } from "../../src/options.ts";
import { runCommand } from "../support/command.ts";

describe("help", () => {
  test.each([[["--help"]], [["-h"]], [["help"]], [["help", "--port"]]])("%p lists the commands", async (args) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of ["serve", "demo", "config"]) expect(stdout).toContain(command);
  });

  test.each([[["serve", "--help"]], [["help", "demo"]], [["config", "-h", "--nonsense"]]])(
    "%p lists the options, without colours where nobody sees them",
    async (args) => {
      const { code, stdout } = await runCommand(args);
      expect(code).toBe(0);
      for (const { flag, hint } of Object.values(options)) expect(stdout).toContain(`--${flag}${hint ? "=" : ""}`);
      expect(stdout).toContain("--embed-system-prompt");
      expect(stdout).not.toContain("\x1b");
    },
  );

  test("of the client key says who can see it", async () => {
    expect((await runCommand(["serve", "--help"])).stdout).toMatch(/--client-key.*`ps`/);
  });
});

test.each(["--version", "-v"])("%s", async (flag) => {
  expect(await runCommand([flag])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` });
});

describe("refused with one sentence", () => {
  test.each<[string[], string]>([
    [["srve"], 'Unknown command "srve": did you mean serve?'],
    [["toString"], 'Unknown command "toString": sluice --help lists the commands.'],
    [["4000"], 'Unknown command "4000": did you mean --port 4000?'],
    [["help", "dmo"], 'Unknown command "dmo": did you mean demo?'],
    [["--prot", "1"], 'Unknown option "--prot": did you mean --port?'],
    [["serve", "--prot=1"], 'Unknown option "--prot": did you mean --port?'],
    [["config", "--jsn"], 'Unknown option "--jsn".'],
    [["--port"], "--port needs a value: --port PORT."],
    [
      ["--port", "3000", "3001"],
      'Unexpected "3001": a command comes first, and what follows are options; see sluice --help.',
    ],
    [["demo", "--port", "x"], '--port must be a port number from 0 to 65535, not "x".'],
    [["--config", "/no/such.yaml"], "The config file /no/such.yaml does not exist."],
    [["--config", "/"], "The config file / is a directory."],
  ])("%p", async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout, stderr }).toEqual({ code: exitCodes.usage, stdout: "", stderr: `sluice: ${sentence}\n` });
  });

  test("a variable", async () => {
    const { code, stderr } = await runCommand([], { env: { SLUICE_PORT: "x" } });
    expect([code, stderr]).toEqual([2, 'sluice: SLUICE_PORT must be a port number from 0 to 65535, not "x".\n']);
  });

  test("what a config file says can't write on the terminal", async () => {
    const nasty = "\x1b]0;title\x07\u009b31m\u202e";
    const prepare = (home: string) => {
      writeFileSync(join(home, "c.yaml"), `model: ${JSON.stringify(nasty)}\nport: ${JSON.stringify(nasty)}\n`);
      return ["--config", join(home, "c.yaml")];
    };
    const controls = /[^\P{Cc}\n]|\u202e/u;
    const refused = await runCommand(["serve"], { prepare });
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("port must be")]);
    expect(refused.stderr).not.toMatch(controls);
    const shown = await runCommand(["config"], { prepare, env: { SLUICE_PORT: "1" } });
    expect(shown.stdout).toContain("\\u001b]0;title");
    expect(shown.stdout).not.toMatch(controls);
  });
});
