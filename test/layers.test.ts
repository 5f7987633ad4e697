/** Who may import what (design.md section 2), and how large a file may grow. */

import { describe, expect, test } from "bun:test";
import { dirname, join, relative, resolve } from "node:path";
import { Glob } from "bun";

const source = resolve(import.meta.dir, "../src");
const transpiler = new Bun.Transpiler({ loader: "ts" });

interface Import {
  from: string;
  /** A path below src, or a package's name. */
  to: string;
  typeOnly: boolean;
}

/** What the two OpenAI dialects have in common. */
const openai = ["effort", "errors", "media", "models"].map((name) => `dialect/openai-${name}.ts`);

/** Rooms by the first prefix that fits; a room may import itself, and what is listed. `type:` allows types only. */
const rooms: Record<string, string[]> = {
  "messages/": ["error.ts"],
  "wire/": ["error.ts"],
  "error.ts": [],
  "log.ts": ["type:config.ts"],
  "guard.ts": ["error.ts", "type:config.ts"],
  "environment.ts": [],
  "key-file.ts": ["state.ts", "trust.ts"],
  "nearest.ts": [],
  "state.ts": ["environment.ts", "trust.ts"],
  "day.ts": [],
  "trust.ts": [],
  "option-values.ts": [],
  "options.ts": [
    "type:config.ts",
    "type:messages/",
    "option-values.ts",
    "options-log.ts",
    "options-native.ts",
    "options-processes.ts",
    "options-usage.ts",
  ],
  "options-log.ts": ["type:config.ts", "type:options.ts", "option-values.ts"],
  "options-native.ts": ["type:config.ts", "type:options.ts", "option-values.ts"],
  "options-usage.ts": ["type:config.ts", "type:options.ts", "option-values.ts"],
  "options-processes.ts": ["type:config.ts", "type:options.ts", "option-values.ts"],
  "config-file.ts": ["error.ts", "trust.ts"],
  "config.ts": [
    "config-file.ts",
    "environment.ts",
    "trust.ts",
    "error.ts",
    "nearest.ts",
    "options.ts",
    "type:messages/",
  ],
  "dialect/anthropic/": ["messages/", "error.ts", "dialect/dialect.ts", "dialect/validate.ts"],
  "dialect/chat/": ["messages/", "error.ts", "dialect/dialect.ts", "dialect/validate.ts", ...openai],
  "dialect/responses/": ["messages/", "error.ts", "dialect/dialect.ts", "dialect/validate.ts", ...openai],
  "dialect/": ["messages/", "error.ts"],
  "engine/engine.ts": [
    "messages/",
    "type:error.ts",
    "type:config.ts",
    "type:log.ts",
    "engine/anthropic/engine.ts",
    "engine/claude/engine.ts",
    "engine/echo/echo.ts",
    "engine/fallback.ts",
  ],
  "engine/claude/": [
    "messages/",
    "environment.ts",
    "error.ts",
    "state.ts",
    "trust.ts",
    "wire/",
    "type:log.ts",
    "type:config.ts",
    "type:engine/engine.ts",
    "engine/own-address.ts",
    "engine/event-schema.ts",
    "engine/error-kinds.ts",
  ],
  "engine/own-address.ts": [],
  "engine/event-schema.ts": ["messages/", "error.ts", "engine/plain-events.ts"],
  "engine/plain-events.ts": ["type:messages/"],
  "engine/error-kinds.ts": ["type:error.ts"],
  "engine/anthropic/": [
    "messages/",
    "error.ts",
    "wire/",
    "type:log.ts",
    "type:config.ts",
    "type:engine/engine.ts",
    "engine/own-address.ts",
    "state.ts",
    "key-file.ts",
    "engine/event-schema.ts",
    "engine/error-kinds.ts",
    "bag.ts",
    "rounds.ts",
  ],
  "engine/fallback.ts": ["messages/", "error.ts", "type:log.ts", "type:engine/engine.ts"],
  "engine/echo/": ["messages/", "error.ts", "type:engine/engine.ts"],
  "store/": [
    "day.ts",
    "observe/request.ts",
    "error.ts",
    "key-file.ts",
    "state.ts",
    "trust.ts",
    "type:log.ts",
    "type:dialect/responses/",
  ],
  "bag.ts": [],
  "rounds.ts": ["bag.ts"],
  "calls.ts": ["bag.ts", "type:engine/engine.ts"],
  "request-observer.ts": [
    "error.ts",
    "observe/",
    "calls.ts",
    "type:config.ts",
    "type:engine/engine.ts",
    "type:log.ts",
    "type:messages/",
  ],
  "listen.ts": ["error.ts", "type:config.ts"],
  "routes.ts": ["dialect/"],
  "observe/": [
    "day.ts",
    "error.ts",
    "state.ts",
    "store/",
    "wire/",
    "type:engine/engine.ts",
    "type:config.ts",
    "type:log.ts",
    "type:messages/",
    "type:routes.ts",
  ],
  "dashboard/": ["type:observe/", "type:error.ts"],
  "pages.ts": [
    "answer.ts",
    "connect/",
    "dashboard/index.ts",
    "error.ts",
    "type:engine/engine.ts",
    "type:observe/",
    "type:routes.ts",
  ],
  "answer.ts": ["dialect/", "engine/engine.ts", "error.ts", "event-stream.ts", "messages/"],
  "event-stream.ts": [
    "bag.ts",
    "error.ts",
    "rounds.ts",
    "wire/",
    "type:dialect/",
    "type:engine/engine.ts",
    "type:messages/",
  ],
  "count.ts": ["answer.ts", "dialect/dialect.ts", "engine/engine.ts", "error.ts"],
  "responses.ts": ["answer.ts", "dialect/responses/", "wire/", "type:config.ts", "type:routes.ts"],
  "bodies.ts": [],
  "conceal.ts": ["error.ts", "log.ts", "options.ts", "type:config.ts", "type:engine/engine.ts", "type:messages/"],
  "reload.ts": ["config.ts", "options.ts"],
  "log-file.ts": ["error.ts"],
  "address.ts": ["type:config.ts"],
  "doctor/": [
    "address.ts",
    "config.ts",
    "engine/anthropic/credentials.ts",
    "engine/claude/environment.ts",
    "engine/claude/locate.ts",
    "engine/claude/memory.ts",
    "engine/own-address.ts",
    "error.ts",
    "nearest.ts",
    "options.ts",
    "service/",
    "state.ts",
    "store/database.ts",
    "trust.ts",
  ],
  "service/": [
    "address.ts",
    "config.ts",
    "engine/claude/environment.ts",
    "engine/claude/locate.ts",
    "environment.ts",
    "error.ts",
    "log.ts",
    "options.ts",
    "state.ts",
  ],
  "server.ts": [
    "request-observer.ts",
    "address.ts",
    "bodies.ts",
    "conceal.ts",
    "answer.ts",
    "calls.ts",
    "state.ts",
    "count.ts",
    "routes.ts",
    "responses.ts",
    "store/",
    "type:dialect/responses/",
    "guard.ts",
    "listen.ts",
    "error.ts",
    "messages/",
    "observe/",
    "listen.ts",
    "pages.ts",
    "type:config.ts",
    "type:log.ts",
    "engine/engine.ts",
    "state.ts",
  ],
  "openclaw/": [],
  "connect/": ["environment.ts", "openclaw/entry.ts", "error.ts", "state.ts"],
  "commands/": [
    "day.ts",
    "observe/budget.ts",
    "option-values.ts",
    "store/database.ts",
    "store/usage.ts",
    "address.ts",
    "conceal.ts",
    "log-file.ts",
    "service/",
    "doctor/",
    "config.ts",
    "engine/own-address.ts",
    "engine/anthropic/credentials.ts",
    "engine/anthropic/redact-identity.ts",
    "state.ts",
    "trust.ts",
    "reload.ts",
    "connect/",
    "shell/",
    "openclaw/models.ts",
    "options.ts",
    "listen.ts",
    "server.ts",
    "log.ts",
    "error.ts",
    "engine/claude/locate.ts",
    "engine/claude/environment.ts",
    "environment.ts",
    "nearest.ts",
  ],
  "shell/": ["options.ts"],
  // What the build makes of all the others.
  "release/": ["commands/", "error.ts", "shell/"],
  "main.ts": ["commands/", "error.ts", "log.ts", "config.ts", "nearest.ts", "options.ts"],
};

const packages: Record<string, string[]> = {
  zod: ["dialect/", "engine/", "service/record.ts"],
  citty: ["main.ts", "commands/", "shell/"],
  yaml: ["connect/format/yaml.ts"],
  // In the text of a snippet.
  openai: ["connect/sdks.ts"],
  "@anthropic-ai/sdk": ["connect/sdks.ts"],
  // Its types only: what a plugin imports at run time would be a dependency.
  "openclaw/plugin-sdk/plugin-entry": ["openclaw/"],
};

/** Only one file reads the environment, and only one ends the process. */
const onlyIn: [pattern: RegExp, files: string[]][] = [
  // The plugin runs in OpenClaw, where there is no Config.
  [/process\.env|Bun\.env|import\.meta\.env/, ["config.ts", "openclaw/program.ts"]],
  [/process\.exit\(/, ["main.ts"]],
  [
    /Bun\.spawn/,
    [
      ...["process", "locate", "memory", "orphans", "reaper"].map((name) => `engine/claude/${name}.ts`),
      "service/run.ts",
    ],
  ],
  [/Bun\.serve/, ["listen.ts", "engine/claude/probe.ts"]],
  // The time of day jumps when somebody sets it: no wait is measured by it, only what is told to others or kept.
  [
    /\bDate\.now\b|\bnew Date\(\)/,
    [
      "log.ts",
      "doctor/machine.ts",
      "store/responses.ts",
      "observe/request.ts",
      // Days of the calendar.
      "observe/budget.ts",
      "store/ledger.ts",
      "commands/usage.ts",
      "observe/live.ts",
      "observe/spend.ts",
      "dialect/chat/encode.ts",
      "dialect/responses/response.ts",
      "engine/claude/transcript.ts",
      // Until when the upstream's limits last.
      ...["rate-limits", "replay", "turn", "conversation", "agent-turn"].map((name) => `engine/claude/${name}.ts`),
    ],
  ],
];

const files = [...new Glob("**/*.ts").scanSync(source)].sort();

async function importsOf(file: string): Promise<Import[]> {
  const text = (await Bun.file(join(source, file)).text()).replace(/^#!.*/, "");
  const values = new Set(transpiler.scanImports(text).map((one) => one.path));
  const all = [...text.matchAll(/(?:from|import)\s*\(?\s*"([^"\s]+)"/g)].map((match) => match[1] ?? "");
  return [...new Set([...all, ...values])]
    .filter((path) => !path.startsWith("node:") && !path.startsWith("bun") && !path.endsWith(".json"))
    .map((path) => ({
      from: file,
      to: path.startsWith(".") ? relative(source, resolve(source, dirname(file), path)) : path,
      typeOnly: !values.has(path),
    }));
}

function roomOf(file: string): string | undefined {
  return Object.keys(rooms)
    .filter((room) => file === room || (room.endsWith("/") && file.startsWith(room)))
    .sort((a, b) => b.length - a.length)[0];
}

function allowed({ from, to, typeOnly }: Import): boolean {
  const users = packages[to];
  if (users) return users.some((user) => from.startsWith(user));
  const room = roomOf(from);
  if (room === undefined) return false;
  const fits = (rule: string) => to === rule || (rule.endsWith("/") && to.startsWith(rule));
  return [room, ...(rooms[room] ?? [])].some((rule) =>
    rule.startsWith("type:") ? typeOnly && fits(rule.slice(5)) : fits(rule),
  );
}

test("the walk finds the source", () => {
  expect(files).toContain("server.ts");
  expect(files.length).toBeGreaterThan(30);
});

test("every file has a room", () => {
  expect(files.filter((file) => roomOf(file) === undefined)).toEqual([]);
});

test("every room exists", () => {
  expect(Object.keys(rooms).filter((room) => !files.some((file) => file.startsWith(room)))).toEqual([]);
});

test("files import only what their room may", async () => {
  const imports = (await Promise.all(files.map(importsOf))).flat();
  expect(imports.length).toBeGreaterThan(files.length);
  expect(imports.filter((one) => !allowed(one)).map(({ from, to }) => `${from} → ${to}`)).toEqual([]);
});

test("the rules refuse what they are there to refuse", () => {
  expect(allowed({ from: "dialect/chat/decode.ts", to: "engine/engine.ts", typeOnly: true })).toBe(false);
  expect(allowed({ from: "dialect/chat/decode.ts", to: "dialect/anthropic/decode.ts", typeOnly: true })).toBe(false);
  expect(allowed({ from: "engine/claude/turn.ts", to: "config.ts", typeOnly: false })).toBe(false);
  expect(allowed({ from: "messages/collect.ts", to: "zod", typeOnly: false })).toBe(false);
});

/** Everything that is loaded together with these files, and before the first line of them runs. */
async function loadedWith(entries: readonly string[]): Promise<Set<string>> {
  const loaded = new Set(entries);
  for (const file of loaded) {
    if (!files.includes(file)) continue;
    const text = (await Bun.file(join(source, file)).text()).replace(/^#!.*/, "");
    for (const { kind, path } of transpiler.scanImports(text)) {
      if (kind !== "import-statement") continue;
      loaded.add(path.startsWith(".") ? relative(source, resolve(source, dirname(file), path)) : path);
    }
  }
  return loaded;
}

test("Sluice listens before it loads what takes long: zod, with its schemas, and the engine", async () => {
  const early = await loadedWith(["main.ts", "commands/serve.ts", "commands/demo.ts"]);
  expect([...early]).toEqual(expect.arrayContaining(["citty", "server.ts", "dialect/chat/index.ts"]));
  expect([...early].filter((path) => path === "zod" || /^engine\/(claude|echo)\//.test(path))).toEqual([]);
  expect(await loadedWith(["dialect/chat/decode.ts"])).toContain("zod");
});

describe.each(onlyIn)("%p", (pattern, where) => {
  test(`stands only in ${where.join(", ")}`, async () => {
    const found = await Promise.all(files.map(async (file) => pattern.test(await Bun.file(join(source, file)).text())));
    expect(files.filter((file, index) => found[index] && !where.includes(file))).toEqual([]);
  });
});

test("no file has become two ideas", async () => {
  const lengths = await Promise.all(
    files.map(async (file) => (await Bun.file(join(source, file)).text()).split("\n").length),
  );
  expect(files.filter((_, index) => (lengths[index] ?? 0) > 300)).toEqual([]);
});
