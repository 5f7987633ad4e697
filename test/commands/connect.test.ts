import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { clients } from "../../src/connect/index.ts";
import { exitCodes } from "../../src/error.ts";
import { runCommand } from "../support/command.ts";
import { cleanEnvironment, eventually, temporaryFolder } from "../support/environment.ts";

const names = Object.keys(clients).join(", ");

describe("codex", () => {
  test("its config.toml, with where it goes on stderr", async () => {
    const { code, stdout, stderr } = await runCommand(["connect", "codex", "--port", "4000", "--host", "::1"]);
    expect([code, stderr]).toEqual([0, "Into ~/.codex/config.toml, the first lines above all tables:\n"]);
    expect(Bun.TOML.parse(stdout)).toEqual({
      model: "sonnet",
      model_provider: "sluice",
      model_context_window: 200_000,
      model_providers: { sluice: { name: "Sluice", base_url: "http://[::1]:4000/v1", wire_api: "responses" } },
    });
  });

  test("reads the client key from the environment, for which there is a line", async () => {
    const { stdout, stderr } = await runCommand(["connect", "codex"], { env: { SLUICE_CLIENT_KEY: "it's-mine" } });
    expect(Bun.TOML.parse(stdout)).toMatchObject({ model_providers: { sluice: { env_key: "SLUICE_CLIENT_KEY" } } });
    expect(stderr).toContain("\nexport SLUICE_CLIENT_KEY='it'\\''s-mine'\n");
  });
});

describe("openclaw", () => {
  test("a patch of openclaw.json, which falls back to nobody", async () => {
    const { code, stdout, stderr } = await runCommand(["connect", "openclaw"], { env: { SLUICE_CLIENT_KEY: "mine" } });
    expect([code, stderr]).toEqual([
      0,
      "Into ~/.openclaw/openclaw.json:\n\nOpenClaw can take it in by itself, too:\nsluice connect openclaw | openclaw config patch --stdin\n",
    ]);
    const { models, agents } = JSON.parse(stdout);
    expect(models.providers.sluice).toMatchObject({
      baseUrl: "http://127.0.0.1:3456",
      apiKey: "mine",
      api: "anthropic-messages",
      models: [{ id: "sonnet" }, { id: "opus" }, { id: "haiku" }],
    });
    expect(agents.defaults).toEqual({
      model: { primary: "sluice/sonnet", fallbacks: [] },
      models: {
        "sluice/sonnet": { alias: "sluice-sonnet" },
        "sluice/opus": { alias: "sluice-opus" },
        "sluice/haiku": { alias: "sluice-haiku" },
      },
    });
  });

  test("names the models of the Sluice that runs, the known ones first", async () => {
    using running = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        const ids = request.headers.get("authorization") === "Bearer mine" ? ["claude-opus-9", "opus", "sonnet"] : [];
        return Response.json({ object: "list", data: ids.map((id) => ({ id, object: "model" })) });
      },
    });
    const args = ["connect", "openclaw", "--port", String(running.port)];
    const { stdout } = await runCommand(args, { env: { SLUICE_CLIENT_KEY: "mine" } });
    const { models, agents } = JSON.parse(stdout);
    expect(models.providers.sluice.models.map(({ id }: { id: string }) => id)).toEqual([
      "sonnet",
      "opus",
      "claude-opus-9",
    ]);
    expect(agents.defaults.models["sluice/claude-opus-9"]).toEqual({ alias: "sluice-opus-9" });
  });
});

describe("the client's file", () => {
  test("--dry-run shows a diff, --write does it, --undo takes it back: in the file that is named", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-connect-"));
    try {
      const file = join(folder, "config.toml");
      const text = 'model = "gpt-9" # the best\n\n[tui]\ntheme = "dark"\n';
      writeFileSync(file, text);
      const env = { XDG_STATE_HOME: join(folder, "state") };
      const run = (...flags: string[]) => runCommand(["connect", "codex", "--file", file, ...flags], { env });

      const dry = await run("--dry-run");
      expect([dry.code, dry.stderr]).toEqual([0, ""]);
      expect(dry.stdout).toBe(`--- ${file}
+++ ${file}
@@ -1,4 +1,11 @@
-model = "gpt-9" # the best
+model = "sonnet" # the best
+model_provider = "sluice"
+model_context_window = 200000
 
 [tui]
 theme = "dark"
+
+[model_providers.sluice]
+name = "Sluice"
+base_url = "http://127.0.0.1:3456/v1"
+wire_api = "responses"
`);
      expect(readFileSync(file, "utf8")).toBe(text);

      const wrote = await run("--write");
      expect([wrote.code, wrote.stdout]).toEqual([0, ""]);
      expect(wrote.stderr).toBe(`Wrote into ${file}; as it was before: ${file}.before-sluice.\n`);
      expect(Bun.TOML.parse(readFileSync(file, "utf8"))).toMatchObject({ model_provider: "sluice" });
      expect((await run("--dry-run")).stderr).toBe(`${file} would stay as it is.\n`);

      expect((await run("--undo", "--dry-run")).stdout).toContain('+model = "gpt-9" # the best\n');
      expect((await run("--undo")).stderr).toBe(`${file} is as it was before.\n`);
      expect(readFileSync(file, "utf8")).toBe(text);
      expect((await run("--undo")).stderr).toBe(`In ${file} there is nothing that Sluice has written.\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("holds the key, which other users must not read", async () => {
    const key = "k3y-of-the-client";
    const written = (mode: number) =>
      runCommand(["connect", "claude", "--write"], {
        env: { SLUICE_CLIENT_KEY: key },
        prepare: (home) => {
          const [folder, file] = [join(home, ".claude"), join(home, ".claude/settings.json")];
          mkdirSync(folder);
          writeFileSync(file, "{}");
          for (const path of [home, folder]) chmodSync(path, 0o755);
          chmodSync(file, mode);
          return [];
        },
      });
    const [open, closed] = [await written(0o644), await written(0o600)];
    const warning = `Every user of this machine can read it, and it holds the key: chmod 600 ${open.home}/.claude/settings.json`;
    expect(open.stderr).toContain(`\n${warning}\n`);
    expect(closed.stderr).not.toContain("Every user");
    expect(open.stderr + open.stdout).not.toContain(key);
  });
});

test("cursor: what does not work, and why", async () => {
  const { code, stdout, stderr } = await runCommand(["connect", "cursor"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toStartWith("Cursor can't reach a Sluice on this machine: its requests");
});

describe("refused with one sentence", () => {
  test.each<[string[], string]>([
    [["connect"], `Name a client first: sluice connect knows ${names}.`],
    [["connect", "--port", "4"], `Name a client first: sluice connect knows ${names}.`],
    [["connect", "codx"], 'Unknown client "codx": did you mean codex?'],
    [["connect", "toString"], `Unknown client "toString": sluice connect knows ${names}.`],
    [["connect", "codex", "--prot", "4"], 'Unknown option "--prot": did you mean --port?'],
    [["connect", "codex", "--write", "--undo"], "--write and --undo contradict each other: give one."],
    [["connect", "codex", "--file"], "--file needs a value: --file PATH."],
    [["connect", "codex", "--file=x"], "--file is for --write, --undo and --dry-run."],
    [
      ["connect", "openai", "--write"],
      "OpenAI's SDK has no config file: export the variables, or give them in the code.",
    ],
    [["connect", "codex", "--port", "0"], "A client needs a port that stays: --port PORT."],
  ])("%p", async (args, sentence) => {
    const { code, stdout, stderr } = await runCommand(args);
    expect({ code, stdout, stderr }).toEqual({ code: exitCodes.usage, stdout: "", stderr: `sluice: ${sentence}\n` });
  });
});

test("what it says beside the snippet has no colours of a fault on a terminal", async () => {
  await using folder = await temporaryFolder();
  let said = "";
  const main = resolve(import.meta.dir, "../../src/main.ts");
  const child = Bun.spawn([process.execPath, main, "connect", "codex", "--port", "9"], {
    env: cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9", path: "/usr/bin:/bin" }),
    terminal: { data: (_, bytes) => void (said += new TextDecoder().decode(bytes)) },
  });
  await child.exited;
  await eventually(() => said.includes("wire_api"));
  expect(said).toStartWith("Into ~/.codex/config.toml");
  expect(said).not.toContain("\x1b");
});
