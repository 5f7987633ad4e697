import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { testedVersion } from "../src/engine/claude/locate.ts";
import { exitCodes } from "../src/error.ts";
import { configFile, type Option, options, variablesOf } from "../src/options.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(join(root, "README.md")).text();

/** The cells of the table below a heading, without its head. */
function table(heading: string): string[][] {
  const [, section = ""] = readme.split(`\n## ${heading}\n`);
  const [, ...rows] = [...(section.split("\n## ")[0] ?? "").matchAll(/^\|(.*)\|$/gm)];
  // An escaped pipe would be part of a cell; there is none so far.
  const cells = rows.map(([, row = ""]) => row.split("|").map((cell) => cell.trim()));
  return cells.filter(([first]) => !/^-+$/.test(first ?? ""));
}

test("the two commands come first", () => {
  const commands = [...readme.matchAll(/^```sh\n([^]*?)\n```$/gm)].map(([, command]) => command);
  expect(commands.slice(0, 2)).toEqual(["npm install && npm run demo", "npm install && npm test"]);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(["demo", "test"]));
});

test(".ci/run runs the test line of the README, exactly", async () => {
  const lines = (await Bun.file(join(root, ".ci/run")).text()).trim().split("\n");
  const commands = lines.filter((line) => !/^(#|set |cd )/.test(line));
  expect(commands).toEqual(["npm install && npm test"]);
});

describe("tables", () => {
  test("the options are those of the table in options.ts, in its order", () => {
    const row = (option: Option<unknown>) => [
      `\`--${option.flag}${option.hint && ` ${option.hint}`}\``,
      variablesOf(option)
        .map((name) => `\`${name}\``)
        .join(", "),
      option.fallback ? `\`${option.fallback}\`` : "",
      `${option.description}.`,
    ];
    expect(table("Options")).toEqual([...Object.values(options), configFile].map(row));
  });

  test("the exit codes are those of error.ts", () => {
    const codes = table("Exit codes").map(([code]) => Number(code));
    expect(codes).toEqual([0, 1, ...Object.values(exitCodes)]);
  });
});

test("the version of Claude Code is the tested one", () => {
  expect(readme).toContain(`tried with ${testedVersion};`);
});
