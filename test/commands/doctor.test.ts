/** `sluice doctor` as a person types it: what is wrong, and what mends it. */

import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { examine } from "../../src/doctor/doctor.ts";
import { exitCodes } from "../../src/error.ts";
import { openDatabase } from "../../src/store/database.ts";
import { runCommand, scriptedClaude } from "../support/command.ts";
import { fakeSystemctl } from "../support/fake-manager.ts";
import { secrets } from "../support/secrets.ts";
import { setStage, type Stage } from "../service/stage.ts";

const sound = { version: `echo ${testedVersion}`, auth: `echo '{"loggedIn":true,"authMethod":"oauth_token"}'` };

/** In an environment with nothing of Claude Code's, in front of a scripted one. */
async function doctor(stage: Stage, args: string[] = [], env: Record<string, string | undefined> = {}) {
  const names = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR"];
  const bare = Object.fromEntries(names.map((name) => [name, undefined]));
  const claude = ["--claude", stage.claude];
  return await runCommand(["doctor", ...claude, ...args], { env: { ...bare, ...stage.env, ...env } });
}

/** The same without a process of its own. */
async function findingsOf(stage: Stage, args: string[] = [], env: Record<string, string> = {}) {
  const all = examine(["--claude", stage.claude, ...args], { env: { ...stage.env, ...env } });
  return await Array.fromAsync(all);
}

const setUp = async () => {
  const stage = await setStage({ systemctl: fakeSystemctl });
  scriptedClaude(stage.home, sound);
  return stage;
};

test("says of each thing that it is as it should be", async () => {
  await using stage = await setUp();
  const { code, stdout, stderr } = await doctor(stage, ["--port", String(stage.port)]);
  expect([code, stderr]).toEqual([0, ""]);
  const lines = stdout.trim().split("\n");
  expect(lines.map((line) => line.split(/ {2,}/).slice(0, 2))).toEqual(
    ["config", "claude", "login", "port", "state", "proxy", "clock", "memory", "service", "service-path"].map(
      (check) => ["ok", check],
    ),
  );
  expect(stdout).toContain(`Claude Code ${testedVersion} (${stage.claude}).\n`);
  expect(stdout).toContain("Claude Code is logged in (oauth_token).\n");
  expect(stdout).toContain(`Sluice ${manifest.version} answers on http://127.0.0.1:${stage.port}.\n`);
});

test("as JSON", async () => {
  await using stage = await setUp();
  scriptedClaude(stage.home, { ...sound, version: "echo 9.9.9" });
  const { code, stdout, stderr } = await doctor(stage, ["--json"]);
  expect([code, stderr]).toEqual([0, ""]);
  const shown = JSON.parse(stdout) as { findings: object[] };
  expect(shown).toMatchObject({ version: manifest.version, worst: "warning" });
  expect(shown.findings[1]).toEqual({
    check: "claude",
    level: "warning",
    message: `Claude Code 9.9.9 (${stage.claude}) is untested: ${testedVersion} is known to work.`,
    mend: `npm install -g @anthropic-ai/claude-code@${testedVersion}`,
  });
});

test("shows the command that mends it below, in colours on a terminal only", async () => {
  await using stage = await setUp();
  scriptedClaude(stage.home, { ...sound, auth: `echo '{"loggedIn":false}'` });
  const { code, stdout } = await doctor(stage);
  expect(code).toBe(exitCodes.problem_found);
  expect(stdout).toContain(
    "problem  login         Claude Code is not logged in.\n                       → claude auth login\n",
  );
  expect(stdout).not.toContain("\x1b");

  const main = join(import.meta.dir, "../../src/main.ts");
  const command = `${process.execPath} ${main} doctor --claude ${stage.claude}`;
  const terminal = Bun.spawn(["script", "-qec", command, "/dev/null"], {
    env: stage.env,
    stdin: "ignore",
    stdout: "pipe",
  });
  expect(await new Response(terminal.stdout).text()).toContain("\x1b[31mproblem\x1b[0m  login ");
});

interface Fault {
  args?: string[];
  env?: Record<string, string>;
  prepare?: (stage: Stage) => void;
  check: string;
  level?: "warning" | "problem";
  message: string | RegExp;
  mend?: string | RegExp;
}

const config =
  (text: string, mode = 0o600) =>
  (stage: Stage) => {
    mkdirSync(join(stage.home, ".config/sluice"), { recursive: true });
    writeFileSync(join(stage.home, ".config/sluice/config.yaml"), text, { mode });
  };

const state = (change: (folder: string) => void) => (stage: Stage) => {
  const folder = join(stage.home, ".local/state/sluice");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  change(folder);
};

const claude = (script: Partial<typeof sound>) => (stage: Stage) =>
  void scriptedClaude(stage.home, { ...sound, ...script });

const faults: Record<string, Fault> = {
  "a flag that is none": {
    args: ["--prot", "1"],
    check: "config",
    message: 'Unknown option "--prot": did you mean --port?',
  },
  "a value that is none": {
    env: { SLUICE_QUEUE: "many" },
    check: "config",
    message: 'SLUICE_QUEUE must be a whole number from 0 to 10000, not "many".',
  },
  "a key of the config file that is none": {
    prepare: config("prot: 1\n"),
    check: "config",
    message: /config\.yaml: Unknown key "prot": did you mean port\?$/,
    mend: /^\$\{EDITOR:-vi\} \/.*\/config\.yaml$/,
  },
  "a config file that is no YAML": {
    prepare: config("a: [\n"),
    check: "config",
    message: /is not valid YAML/,
    mend: /^\$\{EDITOR:-vi\} \/.*\/config\.yaml$/,
  },
  "a key in a file that all can read": {
    prepare(stage) {
      config(`client-key: ${secrets.clientKey}\n`, 0o644)(stage);
      for (const folder of ["", ".config", ".config/sluice"]) chmodSync(join(stage.home, folder), 0o755);
    },
    check: "config",
    level: "warning",
    message: /can be read by every user of this machine, and holds a key/,
  },
  "a variable that is misspelt": {
    env: { SLUICE_PROT: "1" },
    check: "config",
    level: "warning",
    message: "SLUICE_PROT is set, which Sluice does not know. Did you mean SLUICE_PORT?",
    mend: "unset SLUICE_PROT",
  },
  "no Claude Code": {
    prepare: ({ claude }) => rmSync(claude),
    check: "claude",
    message: /^There is no \S+claude: give the path/,
    mend: "npm install -g @anthropic-ai/claude-code",
  },
  "a Claude Code that is not executable": {
    prepare: ({ claude }) => chmodSync(claude, 0o644),
    check: "claude",
    message: /is not executable: make it so with `chmod \+x`/,
  },
  "a Claude Code that is broken": {
    prepare: claude({ version: "exit 3" }),
    check: "claude",
    message: /--version` failed \(exit code 3/,
    mend: "npm install -g @anthropic-ai/claude-code",
  },
  "another Claude Code": {
    prepare: claude({ version: "echo 2.0.0" }),
    check: "claude",
    level: "warning",
    message: new RegExp(`^Claude Code 2\\.0\\.0 \\(\\S+\\) is untested: ${testedVersion} is known to work`),
    mend: `npm install -g @anthropic-ai/claude-code@${testedVersion}`,
  },
  "a login that Claude Code says nothing of": {
    prepare: claude({ auth: "echo what" }),
    check: "login",
    level: "warning",
    message: /^Whether Claude Code is logged in is unknown/,
  },
  "no login, with a fallback": {
    prepare: claude({ auth: `echo '{"loggedIn":false}'` }),
    args: ["--fallback", "native"],
    env: { SLUICE_API_KEY: secrets.apiKey },
    check: "login",
    level: "warning",
    message: "Claude Code is not logged in: every request goes to the upstream of native mode.",
    mend: "claude auth login",
  },
  "native mode without credentials": {
    args: ["--mode", "native"],
    check: "native",
    message: /^Native mode needs credentials/,
  },
  "native mode in a circle": {
    args: ["--mode", "native", "--port", "4000"],
    env: { ANTHROPIC_BASE_URL: "http://localhost:4000" },
    check: "native",
    message: /is Sluice itself/,
    mend: "unset ANTHROPIC_BASE_URL",
  },
  "an address that is not of this machine": {
    args: ["--host", "192.0.2.1", "--port", "4000"],
    env: { SLUICE_CLIENT_KEY: secrets.clientKey },
    check: "port",
    message: /^Sluice can't listen on 192\.0\.2\.1:4000 \(EADDRNOTAVAIL\)/,
  },
  "a state folder that others can look into": {
    prepare: state((folder) => chmodSync(folder, 0o755)),
    check: "state",
    message: /^Other users can look into the state folder/,
    mend: /^chmod 700 \/.*sluice$/,
  },
  "a state folder that is a file": {
    prepare: state((folder) => (rmSync(folder, { recursive: true }), writeFileSync(folder, ""))),
    check: "state",
    message: /is no folder: move it away/,
    mend: /^mv /,
  },
  "a database that is none": {
    prepare: state((folder) => writeFileSync(join(folder, "sluice.db"), "x".repeat(5000))),
    check: "state",
    message: /sluice\.db is damaged: move it away/,
    mend: /^mv \S+sluice\.db \S+sluice\.db\.old$/,
  },
  "a database of a newer Sluice": {
    prepare: state((folder) => {
      const database = openDatabase(folder);
      database.run("PRAGMA user_version = 999");
      database.close();
    }),
    check: "state",
    message: /was written by a newer Sluice/,
    mend: /^mv /,
  },
  "an address of Claude Code's that is Sluice's own": {
    args: ["--port", "4000"],
    env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:4000" },
    check: "environment",
    level: "warning",
    message: "ANTHROPIC_BASE_URL points at Sluice itself, so Claude Code does not get it.",
    mend: "unset ANTHROPIC_BASE_URL",
  },
  "a proxy for all": {
    env: { HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "example.com" },
    check: "proxy",
    level: "warning",
    message: /^HTTPS_PROXY is set, and NO_PROXY leaves out 127\.0\.0\.1 and localhost/,
    mend: "export NO_PROXY=example.com,127.0.0.1,localhost no_proxy=example.com,127.0.0.1,localhost",
  },
  "more processes than the memory can hold": {
    args: ["--max-processes", "1000"],
    check: "memory",
    level: "warning",
    message: /^1000 processes of Claude Code take 150\.0 GB, and this machine has/,
    mend: /^sluice --max-processes \d+$/,
  },
};

describe("finds", () => {
  test.each(Object.entries(faults))(
    "%s",
    async (_, { args, env, prepare, check, level = "problem", message, mend }) => {
      await using stage = await setUp();
      prepare?.(stage);
      const findings = await findingsOf(stage, args, env);
      const [found, ...others] = findings.filter((one) => one.check === check && one.level !== "ok");
      expect([found?.level, others]).toEqual([level, []]);
      const fits = (text: string | undefined, wanted: string | RegExp | undefined) =>
        typeof wanted === "object" ? expect(text).toMatch(wanted) : expect(text).toBe(wanted);
      fits(found?.message, message);
      fits(found?.mend, mend);
    },
  );

  test("a port that another program has, and a Sluice that keeps its key to itself", async () => {
    await using stage = await setUp();
    using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("what?") });
    const onPort = async (port: number | undefined) =>
      (await findingsOf(stage, ["--port", String(port)])).filter(({ check }) => check === "port");
    expect(await onPort(other.port)).toEqual([
      {
        check: "port",
        level: "problem",
        message: `Port ${other.port} is taken by another program: stop that, or choose another port with --port PORT.`,
        mend: `lsof -nP -iTCP:${other.port} -sTCP:LISTEN`,
      },
    ]);
    using closed = fakeSluice({ ok: true });
    expect(await onPort(closed.port)).toMatchObject([
      { level: "warning", message: expect.stringContaining("another client key") },
    ]);
    using ill = fakeSluice({ ok: false });
    expect(await onPort(ill.port)).toMatchObject([{ level: "warning" }]);
  });
});

/** What `/health` says. */
function fakeSluice(health: object) {
  const headers = { "request-id": "req_1" };
  return Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => Response.json(health, { headers }) });
}

test("the service: that it runs as it should, runs another version, has stopped, failed, or lost what it needs", async () => {
  await using stage = await setUp();
  const names = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"];
  const env = { ...Object.fromEntries(names.map((name) => [name, undefined])), ...stage.env };
  const install = async (port: number | undefined) => {
    const args = ["service", "install", "--port", String(port), "--claude", stage.claude];
    expect((await runCommand(args, { env })).code).toBe(0);
  };
  const of = async (wanted: string) => (await findingsOf(stage)).filter(({ check }) => check === wanted);

  await install(stage.port);
  expect(await of("service")).toMatchObject([
    { level: "ok", message: `The service runs on http://127.0.0.1:${stage.port}.` },
  ]);
  stage.programs.write("shown", "ActiveState=inactive\nExecMainCode=1\nExecMainStatus=0\n");
  expect(await of("service")).toMatchObject([{ level: "warning", mend: "sluice service start" }]);
  stage.programs.write("shown", "ActiveState=activating\nExecMainCode=1\nExecMainStatus=5\n");
  expect(await of("service")).toMatchObject([
    { level: "problem", message: "The service does not run. It failed with exit code 5.", mend: "sluice service logs" },
  ]);

  using old = fakeSluice({ ok: true, version: "0.0.1" });
  await install(old.port);
  expect(await of("service")).toMatchObject([
    {
      level: "warning",
      message: `The service runs Sluice 0.0.1, and this is ${manifest.version}.`,
      mend: "sluice service install",
    },
  ]);
  writeFileSync(stage.claude, "#!/usr/bin/env no-such-interpreter\n");
  expect(await of("service-path")).toMatchObject([
    {
      level: "problem",
      message: expect.stringContaining("no no-such-interpreter on its PATH"),
      mend: "sluice service install",
    },
  ]);
  rmSync(stage.claude);
  expect(await of("service-path")).toMatchObject([{ level: "problem", mend: "sluice service install" }]);
});
