import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import manifest from "../package.json" with { type: "json" };
import { commands } from "../src/commands/index.ts";
import { clients } from "../src/connect/index.ts";
import { testedVersion } from "../src/engine/claude/locate.ts";
import { exitCodes } from "../src/error.ts";
import { options } from "../src/options.ts";
import { targets } from "../src/release/program.ts";
import { archiveName } from "../src/release/release.ts";
import { live } from "../src/reload.ts";
import plugin from "../src/openclaw/openclaw.plugin.json" with { type: "json" };
import { measuredSection, pictures } from "./support/measured.ts";
import { checkTests, readmePath, readSection, readTable, tables, unpadded } from "./support/readme.ts";
import { anchor, arrange } from "./support/readme-order.ts";

const root = join(import.meta.dir, "..");
const readme = await Bun.file(readmePath).text();

test("the two commands come first", () => {
  const commands = [...readme.matchAll(/^```sh\n([^]*?)\n```$/gm)].map(([, command]) => command);
  expect(commands.slice(0, 2)).toEqual(["npm install && npm run demo", "npm install && npm test"]);
  expect(Object.keys(manifest.scripts)).toEqual(expect.arrayContaining(["demo", "test"]));
});

test("one sentence and a picture come before them", () => {
  const [title, sentence = "", picture] = readme.split("\n\n");
  expect([title, sentence.match(/[.!?](\s|$)/g)?.length]).toEqual(["# Sluice", 1]);
  expect(picture).toMatch(/^!\[[^\]]{20,}\]\(docs\/cast\.svg\)$/);
});

test("the sections stand in their order, below a list of them (bun test/support/readme.ts arranges them)", () => {
  expect(readme === arrange(readme)).toBe(true);
  expect(() => arrange(`${readme}\n## Fables\n`)).toThrow("Fables");
  expect(() => arrange(`${readme}\n## License\n`)).toThrow("twice");
});

test("every command is described", () => {
  const described = readTable(readme, "Serving").map(([command = ""]) => /^`sluice (\w+)/.exec(command)?.[1]);
  expect(described.toSorted()).toEqual(Object.keys(commands).toSorted());
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

test("every message that is explained is one of Sluice's", async () => {
  const rows = readTable(readme, "Troubleshooting by message").filter(([first]) => !first?.startsWith("**"));
  const messages = rows.flatMap(([first = ""]) => [...first.matchAll(/`([^`]+)`/g)].map(([, message = ""]) => message));
  expect(messages.length).toBeGreaterThan(40);
  const files = [...new Glob("src/**/*.ts").scanSync(root)].map((file) => Bun.file(join(root, file)).text());
  const source = (await Promise.all(files)).join("\n");
  // Where a message has "…", the source has what comes there.
  const said = (message: string) => message.split("…").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  expect(messages.filter((message) => !new RegExp(said(message).join(".{1,200}")).test(source))).toEqual([]);
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

describe("links", () => {
  const links = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);

  test("within the README lead to a heading", () => {
    const anchors = new Set([...readme.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => `#${anchor(heading)}`));
    expect(links.filter((link) => link.startsWith("#") && !anchors.has(link))).toEqual([]);
  });

  test("to files lead to files", async () => {
    const files = links.filter((link) => !/^(#|https:)/.test(link));
    const missing = await Promise.all(files.map(async (path) => !(await Bun.file(join(root, path)).exists())));
    expect(files.filter((_, n) => missing[n])).toEqual([]);
    expect(files).toContain("docs/cast.svg");
  });
});
