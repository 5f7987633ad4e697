/** The README's tables for people who come from another proxy: what is named here, exists here. */

import { describe, expect, test } from "bun:test";
import { commands } from "../src/commands/index.ts";
import { loadConfig } from "../src/config.ts";
import { childEnvironment } from "../src/engine/claude/environment.ts";
import plugin from "../src/openclaw/openclaw.plugin.json" with { type: "json" };
import { configFile, nativeConfigFile, type Option, options, variablesOf } from "../src/options.ts";
import { findRoute } from "../src/routes.ts";
import { readmePath, readTable } from "./support/readme.ts";

const all: Option<unknown>[] = [...Object.values(options), configFile, nativeConfigFile];
const names = all.flatMap(({ flag, shorthands = {} }) => [flag, ...Object.keys(shorthands)]);
const variables = new Set(all.flatMap(variablesOf));
/** Models, and what stands for no name of Sluice's. */
const words = new Set([
  "opus",
  "sonnet",
  "haiku",
  "native",
  "sluice",
  "sluice-opus",
  "claude-opus-4-6",
  "claude-sonnet-4-6",
]);

const rows = readTable(await Bun.file(readmePath).text(), "Coming from another proxy").map(
  ([there = "", here = ""]) => ({ there: codes(there), here: codes(here), same: here.startsWith("The same") }),
);

function codes(cell: string): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** Whether Claude Code gets a variable of Sluice's. */
function passes(name: string): boolean {
  const { config } = loadConfig([], { env: { [name]: "x" } });
  return childEnvironment(config, 3456).env[name] === "x";
}

const isPath = (code: string) => /^\/[\w/]*(\?|$)/.test(code);
const isVariable = (code: string) => /^[A-Z][A-Z_]+$/.test(code);

/** Whether a name is one of Sluice's; undefined for what is no such name: a file, a command of another program. */
function isKnown(code: string): boolean | undefined {
  const [first = "", second = ""] = code.split(" ");
  if (code.startsWith("--")) return names.includes(first.slice(2));
  if (isVariable(code)) return variables.has(code) || passes(code);
  if (isPath(code)) return findRoute(code.replace(/\?.*/, ""), new Headers()).endpoint !== undefined;
  if (first === "sluice" && second !== "") return Object.hasOwn(commands, second);
  if (/^[a-z]+(-[a-z0-9]+)*$/.test(code)) return words.has(code) || names.includes(code);
  return undefined;
}

describe("Coming from another proxy", () => {
  test("every flag, variable, config key, route and command in the right-hand columns exists", () => {
    const here = rows.flatMap((row) => row.here);
    expect(here.filter((code) => isKnown(code)).length).toBeGreaterThan(70);
    expect(here.filter((code) => isKnown(code) === false)).toEqual([]);
    expect(["--email", "HOST", "/v1/embeddings", "sluice login", "cloak"].map(isKnown)).toEqual(Array(5).fill(false));
  });

  test("what is the same here, is there under that name", () => {
    const same = rows.filter((row) => row.same).flatMap(({ there }) => there);
    expect(same.length).toBeGreaterThan(30);
    const keys = Object.keys(plugin.configSchema.properties);
    expect(same.filter((code) => !isKnown(code) && !keys.includes(code))).toEqual([]);
  });

  test("what is not here, is not", () => {
    const not = rows.filter(({ here, same }) => !same && here.length === 0).flatMap(({ there }) => there);
    const flagsAndVariables = not.filter((code) => code.startsWith("-") || isVariable(code));
    expect(flagsAndVariables.length).toBeGreaterThan(25);
    const isOurs = (code: string) => variables.has(code) || names.includes(code.replace(/^--?/, ""));
    expect(flagsAndVariables.filter(isOurs)).toEqual([]);
  });
});
