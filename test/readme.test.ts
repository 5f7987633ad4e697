import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { clients } from "../src/connect/index.ts";
import { testedVersion } from "../src/engine/claude/locate.ts";
import { commands } from "../src/commands/index.ts";
import { exitCodes } from "../src/error.ts";
import { options } from "../src/options.ts";
import { targets } from "../src/release/program.ts";
import { archiveName } from "../src/release/release.ts";
import { live } from "../src/reload.ts";
import plugin from "../src/openclaw/openclaw.plugin.json" with { type: "json" };
import { measuredSection, pictures } from "./support/measured.ts";
import { checkTests, readmePath, readSection, readTable, tables, unpadded } from "./support/readme.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(readmePath).text();

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
  test.each(Object.keys(tables))(
    "%s: as the code has them, in its order (bun test/support/readme.ts writes them)",
    (heading) => {
      expect(tables[heading]?.length).toBeGreaterThan(20);
      expect(readTable(readme, heading)).toEqual(tables[heading] ?? []);
    },
  );

  test("the config of OpenClaw's plugin is that of its manifest", () => {
    const rows = readTable(readme, "OpenClaw").map(([key, value]) => [key, value]);
    const properties = Object.entries(plugin.configSchema.properties);
    const shown = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
    expect(rows).toEqual(properties.map(([key, property]) => [`\`${key}\``, `\`${shown(property.default)}\``]));
    expect(readme).toContain(`openclaw-sluice-${manifest.version}.tgz`);
  });

  test("every client of `sluice connect` has a row, in its order", () => {
    const shown = readTable(readme, "Connecting clients").map(([name]) => name);
    expect(shown).toEqual(Object.keys(clients).map((name) => `\`${name}\``));
  });

  test("the exit codes are those of error.ts", () => {
    const codes = readTable(readme, "Exit codes").map(([code]) => Number(code));
    expect(codes).toEqual([0, 1, ...Object.values(exitCodes)]);
  });
});

describe("what was measured", () => {
  test("is as the benches wrote it (bun test/support/readme.ts writes it)", async () => {
    expect(readSection(readme, "Measured")).toBe(unpadded(await measuredSection()));
  });

  test("is what the pictures show", async () => {
    const drawn = Object.entries(await pictures());
    expect(drawn).toHaveLength(6);
    for (const [name, picture] of drawn) expect(await Bun.file(join(root, "docs", name)).text()).toBe(picture);
  });
});

test("every fault names the test that shows it", async () => {
  const faults = readTable(readme, "When something fails");
  expect(faults.length).toBeGreaterThan(50);
  expect(await checkTests(faults)).toEqual([]);
  expect(
    await checkTests([
      ["It rains", "A test"],
      ["It snows", "`readme.test.ts` no such test"],
    ]),
  ).toHaveLength(2);
});

test("what is installed and published has this version", () => {
  expect(readme).toContain(`tar -xzf ${archiveName("linux-x64")} sluice`);
  expect(readme).toContain(`npm publish dist/release/claude-sluice-${manifest.version}.tgz`);
  for (const target of targets.filter((target) => !target.endsWith("-musl"))) expect(readme).toContain(`\`${target}\``);
});

test("every command is in the table", () => {
  const [table = ""] = readme.split("\n## Serving\n").slice(1);
  const told = [...table.matchAll(/^\| `sluice ([a-z]+)/gm)].map(([, name]) => name);
  expect(told).toEqual(expect.arrayContaining(Object.keys(commands)));
});

test("what can change while Sluice runs is said", () => {
  const [, sentence = ""] = /From then on count (.*?);/.exec(readme) ?? [];
  const flags = [...live].map((name) => options[name].flag);
  expect<unknown>([...(sentence.match(/[a-z-]+(?=`)/g) ?? [])]).toEqual(flags);
});

test("every threat names the test that shows what stops it", async () => {
  const threats = readTable(readme, "Security");
  expect(threats.length).toBeGreaterThan(40);
  expect(await checkTests(threats)).toEqual([]);
});

test("the version of Claude Code is the tested one", () => {
  expect(readme).toContain(`tried with ${testedVersion};`);
});
