import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Connection } from "../../src/connect/client.ts";
import { clients } from "../../src/connect/index.ts";
import { planUndo, planWrite } from "../../src/connect/plan.ts";
import { Records } from "../../src/connect/records.ts";
import { StartError } from "../../src/error.ts";
import { pretend } from "../support/platform.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-connect-"));
let [home, env, records] = ["", {}, undefined as unknown as Records];
beforeEach(() => {
  home = mkdtempSync(join(folder, "home-"));
  env = { HOME: home };
  records = new Records(join(home, "state"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const connection: Connection = { url: "http://127.0.0.1:3456", key: undefined, models: ["sonnet", "opus", "haiku"] };
const writable = Object.entries(clients).flatMap(([name, { config }]) => (config ? [[name, config] as const] : []));

function configOf(name: string) {
  const config = clients[name]?.config;
  if (config === undefined) throw new Error(`${name} has no config file`);
  return { ...config, file: config.path(env) };
}

function write(name: string, over: Partial<Connection> = {}, file = configOf(name).file): string[] {
  const { format, entries } = configOf(name);
  return planWrite(file, format, entries({ ...connection, ...over }), records).run();
}

function undo(name: string, file = configOf(name).file): string[] | undefined {
  return planUndo(file, configOf(name).format, records)?.run();
}

/** Puts a file where a client looks for it. */
function put(name: string, text: string | Buffer): string {
  const { file } = configOf(name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

function read(file: string): string {
  return readFileSync(file, "utf8");
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message.replaceAll(home, "~");
  }
  throw new Error("It was not refused");
}

/** What people have in these files. */
const theirs: Record<string, string> = {
  claude: '{\n  "env": {\n    "FOO": "bar"\n  },\n  "permissions": { "allow": [] }\n}\n',
  codex: '# mine\nmodel = "gpt-9" # the best\n\n[tui]\ntheme = "dark"\n',
  opencode: '{\n\t// theme\n\t"theme": "dark",\n\t"provider": {\n\t\t"other": {},\n\t},\n}\n',
  openclaw: "{\n  // JSON5\n  agents: { defaults: { model: 'anthropic/claude', workspace: '~/w', }, },\n}\n",
  continue:
    "name: Mine\nversion: 0.0.1\nschema: v1\nmodels:\n  # first\n  - name: Local\n    provider: ollama\nrules: []\n",
  cline: '{\n  "version": 1,\n  "lastUsedProvider": "cline",\n  "modes": {},\n  "providers": {}\n}\n',
  aider: "# aider\nmodel: gpt-9 # the best\ndark-mode: true\n",
  zed: '// Zed\n{\n  "theme": "One Dark",\n  "language_models": { "openai": {} },\n}\n',
};

describe.each(writable)("%s", (name) => {
  test("without a file: made for this user alone, nothing to do again, and gone with --undo", () => {
    const { file, format } = configOf(name);
    expect(write(name)).toEqual([`Made ${file}.`]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(read(file)).toBe(clients[name]?.snippets(connection)[0]?.text ?? "");
    const before = read(file);
    expect(write(name)).toEqual([`${file} has it all already.`]);
    expect(read(file)).toBe(before);
    expect(format.parse(before)).not.toEqual({});
    expect(undo(name)).toEqual([`Removed ${file}, which Sluice had made.`]);
    expect(readdirSync(dirname(file)).filter((one) => one.includes("sluice"))).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(undo(name)).toBeUndefined();
  });

  test("into what is there: all of it stays, with a backup; and back", () => {
    const text = theirs[name] ?? "";
    const file = put(name, text);
    chmodSync(file, 0o640);
    expect(write(name)).toEqual([`Wrote into ${file}; as it was before: ${file}.before-sluice.`]);
    expect(read(`${file}.before-sluice`)).toBe(text);
    expect([file, `${file}.before-sluice`].map((one) => statSync(one).mode & 0o777)).toEqual([0o640, 0o640]);
    const written = read(file);
    for (const line of text.split("\n").filter((one) => /\/\/|#/.test(one) && !/model/.test(one))) {
      expect(written.split("\n")).toContain(line);
    }
    expect(write(name)).toEqual([`${file} has it all already.`]);
    expect(read(file)).toBe(written);
    expect(undo(name)).toEqual([`${file} is as it was before.`]);
    expect(read(file)).toBe(text);
    expect(existsSync(`${file}.before-sluice`)).toBe(false);
  });

  test("back after an edit by hand: only what Sluice wrote is taken out", () => {
    const text = theirs[name] ?? "";
    const file = put(name, text);
    write(name);
    const { format } = configOf(name);
    const mine = format.set(read(file), ["by-hand"], "yes");
    writeFileSync(file, mine);
    const said = undo(name);
    expect(said?.[0]).toBe(`${file} has changed since Sluice wrote into it: took out only what Sluice had written.`);
    expect(said?.at(-1)).toBe(`The file as it was before Sluice: ${file}.before-sluice`);
    expect(read(file)).toBe(format.set(text, ["by-hand"], "yes"));
    expect(undo(name)).toBeUndefined();
  });

  test("with another address: what is old goes, and the backup stays the first one", () => {
    const file = put(name, theirs[name] ?? "");
    write(name, { models: ["sonnet", "opus", "old"] });
    write(name, { url: "http://127.0.0.1:4000", key: "k3y" });
    expect(read(file)).toContain("http://127.0.0.1:4000");
    expect(read(file)).not.toMatch(/3456|\bold\b/);
    expect(read(`${file}.before-sluice`)).toBe(theirs[name] ?? "");
    undo(name);
    expect(read(file)).toBe(theirs[name] ?? "");
  });
});

describe("by hand", () => {
  test("what has another value since is left as it is, and said", () => {
    const file = put("codex", theirs["codex"] ?? "");
    write("codex");
    writeFileSync(file, read(file).replace('"sonnet"', '"opus"'));
    expect(undo("codex")).toContain("Left as it is, for it has another value now: model.");
    expect(read(file)).toBe((theirs["codex"] ?? "").replace('"gpt-9"', '"opus"'));
  });

  test("an edit between two writes stays with --undo", () => {
    const file = put("aider", theirs["aider"] ?? "");
    write("aider");
    writeFileSync(file, `${read(file)}vim: true\n`);
    write("aider", { url: "http://127.0.0.1:4000" });
    undo("aider");
    expect(read(file)).toBe(`${theirs["aider"]}vim: true\n`);
  });

  test("a file that Sluice made, and somebody went on with, stays", () => {
    const { file } = configOf("claude");
    write("claude");
    writeFileSync(file, read(file).replace('"env": {', '"model": "opus",\n  "env": {'));
    undo("claude");
    expect(read(file)).toBe('{\n  "model": "opus"\n}\n');
  });

  test("without its backup a file is not thought to be as it was", () => {
    const file = put("claude", theirs["claude"] ?? "");
    write("claude");
    rmSync(`${file}.before-sluice`);
    expect(refusal(() => undo("claude"))).toBe(
      "~/.claude/settings.json can't be brought back: its backup ~/.claude/settings.json.before-sluice is gone.",
    );
  });

  test("a backup of somebody else's is not written over", () => {
    const file = put("claude", theirs["claude"] ?? "");
    writeFileSync(`${file}.before-sluice`, "precious");
    write("claude");
    expect([read(`${file}.before-sluice`), read(`${file}.before-sluice-2`)]).toEqual([
      "precious",
      theirs["claude"] ?? "",
    ]);
    undo("claude");
    expect(read(`${file}.before-sluice`)).toBe("precious");
  });
});

describe("bytes", () => {
  test("a byte order mark and the line endings stay", () => {
    const text = `\uFEFF${(theirs["zed"] ?? "").replaceAll("\n", "\r\n")}`;
    const file = put("zed", text);
    write("zed");
    expect(read(file)).toStartWith("\uFEFF// Zed\r\n");
    expect(read(file).replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    writeFileSync(file, read(file).replace("One Dark", "Other"));
    undo("zed");
    expect(read(file)).toBe(text.replace("One Dark", "Other"));
  });

  test("a symbolic link stays one: what it leads to is changed", () => {
    const { file } = configOf("zed");
    const real = join(home, "dotfiles/zed.json");
    for (const path of [real, file]) mkdirSync(dirname(path), { recursive: true });
    writeFileSync(real, theirs["zed"] ?? "");
    symlinkSync(real, file);
    expect(write("zed")).toEqual([`Wrote into ${real}; as it was before: ${real}.before-sluice.`]);
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    undo("zed");
    expect([lstatSync(file).isSymbolicLink(), read(real)]).toEqual([true, theirs["zed"] ?? ""]);
  });
});

describe("refused, with nothing changed", () => {
  test.each([
    [
      "claude",
      '{\n  "a": 1\n  "b": 2\n}',
      'has "\\"" where a comma or } should be, line 3, column 3: nothing was changed.',
    ],
    [
      "codex",
      "a = 1\na = 2\n",
      "is no TOML (TOML Parse error: Cannot redefine key 'a'), line 2, column 1: nothing was changed.",
    ],
    ["aider", "a: 1\na: 2\n", "is no YAML (Map keys must be unique), line 2, column 1: nothing was changed."],
    [
      "claude",
      '{"env": []}',
      "has ANTHROPIC_BASE_URL in a form that can't be changed safely: put the snippet in by hand.",
    ],
    ["claude", Buffer.from([0xff, 0xfe, 0x7b, 0x00]), "is not UTF-8."],
    ["opencode", `{"a": ${"[".repeat(50_000)}`, "is nested too deeply, line 1, column 207: nothing was changed."],
  ])("%s: %j", (name, text, sentence) => {
    const file = put(name, text);
    expect(refusal(() => write(name))).toEndWith(` ${sentence}`);
    expect(readFileSync(file)).toEqual(Buffer.from(text as string));
    expect(readdirSync(dirname(file)).filter((one) => one !== "state")).toHaveLength(1);
  });

  test("what is read-only, a folder, or a link to nothing", () => {
    const file = put("claude", "{}");
    chmodSync(file, 0o444);
    expect(refusal(() => write("claude"))).toBe(
      "~/.claude/settings.json is read-only: `chmod u+w` it, or put the snippet where it is made.",
    );
    rmSync(file);
    mkdirSync(file);
    expect(refusal(() => write("claude"))).toBe("~/.claude/settings.json is no regular file.");
    rmSync(file, { recursive: true });
    symlinkSync(join(home, "nowhere"), file);
    expect(refusal(() => write("claude"))).toBe("~/.claude/settings.json is a link to what is not there.");
  });

  test("what something else changes at the same time", () => {
    const file = put("claude", "{}");
    const { format, entries } = configOf("claude");
    const plan = planWrite(file, format, entries(connection), records);
    writeFileSync(file, '{"new": 1}');
    expect(refusal(() => plan.run())).toBe(
      "~/.claude/settings.json has just been changed by something else: try again.",
    );
    expect(read(file)).toBe('{"new": 1}');
    expect(readdirSync(dirname(file))).toEqual(["settings.json"]);
    expect(undo("claude")).toBeUndefined();
  });
});

describe("where each client looks", () => {
  test("Zed, on Windows", () => {
    using _ = pretend("win32");
    const env = { APPDATA: "/roaming", USERPROFILE: "/users/me", HOME: "/elsewhere" };
    expect(clients["zed"]?.config?.path(env)).toBe("/roaming/Zed/settings.json");
    expect(clients["codex"]?.config?.path(env)).toBe("/users/me/.codex/config.toml");
  });

  test.each([
    ["claude", {}, ".claude/settings.json"],
    ["claude", { CLAUDE_CONFIG_DIR: "/c" }, "/c/settings.json"],
    ["codex", { CODEX_HOME: "/c" }, "/c/config.toml"],
    ["opencode", {}, ".config/opencode/opencode.json"],
    ["opencode", { XDG_CONFIG_HOME: "/x" }, "/x/opencode/opencode.json"],
    ["opencode", { OPENCODE_CONFIG: "/o.jsonc" }, "/o.jsonc"],
    ["openclaw", {}, ".openclaw/openclaw.json"],
    ["openclaw", { OPENCLAW_STATE_DIR: "/s" }, "/s/openclaw.json"],
    ["openclaw", { OPENCLAW_CONFIG_PATH: "/c.json", OPENCLAW_STATE_DIR: "/s" }, "/c.json"],
    ["continue", { CONTINUE_GLOBAL_DIR: "/c" }, "/c/config.yaml"],
    ["cline", {}, ".cline/data/settings/providers.json"],
    ["cline", { CLINE_DATA_DIR: "/d" }, "/d/settings/providers.json"],
    ["cline", { CLINE_PROVIDER_SETTINGS_PATH: "/p.json" }, "/p.json"],
    ["aider", {}, ".aider.conf.yml"],
    ["zed", { XDG_CONFIG_HOME: process.platform === "linux" ? "/x" : join(folder, ".config") }, undefined],
  ])("%s %j", (name, more, expected) => {
    const path = clients[name]?.config?.path({ HOME: "/home/me", ...more });
    const zed = process.platform === "linux" ? "/x/zed/settings.json" : "/home/me/.config/zed/settings.json";
    expect(path).toBe(expected === undefined ? zed : join(expected.startsWith("/") ? "/" : "/home/me", expected));
  });

  test("opencode: the one that is there", () => {
    const there = join(home, ".config/opencode/opencode.jsonc");
    mkdirSync(dirname(there), { recursive: true });
    writeFileSync(there, "{}");
    expect(clients["opencode"]?.config?.path(env)).toBe(there);
  });
});
