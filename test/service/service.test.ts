/** `sluice service` as a person types it, with a systemctl that is a script. */

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { exitCodes } from "../../src/error.ts";
import { runCommand } from "../support/command.ts";
import { fakeSystemctl } from "../support/fake-manager.ts";
import { secrets } from "../support/secrets.ts";
import { setStage, type Stage } from "./stage.ts";

const fakes = { systemctl: fakeSystemctl, journalctl: 'echo "journal $*"' };

const sluice = async ({ env }: Stage, args: string[], more: Record<string, string | undefined> = {}) => {
  const names = ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "CLAUDE_CONFIG_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"];
  const bare = Object.fromEntries(names.map((name) => [name, undefined]));
  const { code, stdout, stderr } = await runCommand(["service", ...args], { env: { ...bare, ...env, ...more } });
  return { code, stdout, stderr };
};
const install = (stage: Stage, args: string[] = [], env?: Record<string, string | undefined>) =>
  sluice(stage, ["install", "--port", String(stage.port), "--claude", stage.claude, ...args], env);
const unitOf = ({ home }: Stage) => join(home, ".config/systemd/user/sluice.service");
const readUnit = (stage: Stage) => readFileSync(unitOf(stage), "utf8");

describe("install", () => {
  test("writes the unit, enables and starts it, and says where it answers; a second time it changes nothing", async () => {
    await using stage = await setStage(fakes);
    const first = await install(stage);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toContain(`Installed as a systemd user service: ${unitOf(stage)}\n`);
    expect(first.stdout).toContain(`Sluice ${manifest.version} answers on http://127.0.0.1:${stage.port} (process `);
    expect(first.stdout).toContain("`loginctl enable-linger`");
    const changes = () => stage.programs.calls().filter((call) => !/ (show|show-environment) ?/.test(call));
    expect(changes()).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user enable --quiet sluice.service",
      "systemctl --user restart sluice.service",
    ]);
    const unit = readUnit(stage);
    expect(unit).toContain(` "serve" "--port" "${stage.port}" "--claude=${stage.claude}"\n`);
    expect(unit).toContain(`Environment="PATH=${stage.programs.path}"\n`);

    expect((await install(stage)).code).toBe(0);
    expect(readUnit(stage)).toBe(unit);
    expect(changes()).toEqual([
      "systemctl --user enable --quiet sluice.service",
      "systemctl --user start sluice.service",
    ]);
    await install(stage, ["--spares", "2"]);
    expect(readUnit(stage)).toContain('"--spares" "2"');
    expect(changes()).toContain("systemctl --user restart sluice.service");
  });

  test("keeps what flags and variables say, with paths that hold elsewhere", async () => {
    await using stage = await setStage(fakes);
    for (const folder of ["project", "claude"]) mkdirSync(join(stage.home, folder));
    writeFileSync(join(stage.home, "my.yaml"), "queue: 7\n");
    const { code, stderr } = await install(
      stage,
      ["--config", `${stage.home}/./my.yaml`, "--cwd", `${stage.home}/./project`, "--agent"],
      {
        SLUICE_EFFORT: "low",
        CLAUDE_CONFIG_DIR: join(stage.home, "claude"),
        HTTPS_PROXY: "http://proxy:3128",
        EDITOR: "vi",
      },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const unit = readUnit(stage);
    expect(unit).toContain(`"--cwd=${stage.home}/project" "--config=${stage.home}/my.yaml"`);
    for (const variable of [
      "SLUICE_EFFORT=low",
      `CLAUDE_CONFIG_DIR=${stage.home}/claude`,
      "HTTPS_PROXY=http://proxy:3128",
    ]) {
      expect(unit).toContain(`Environment="${variable}"\n`);
    }
    expect(unit).not.toContain("EDITOR");
    // An agent works there, with tools that may be anything.
    expect(unit).toContain(`"-${stage.home}/project"`);
    expect(unit).not.toContain("SystemCallFilter");
  });

  test("what stands in the config file is left there", async () => {
    await using stage = await setStage(fakes);
    const work = join(stage.home, "work");
    for (const folder of [work, join(stage.home, ".config/sluice")]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(stage.home, ".config/sluice/config.yaml"), `cwd: ${work}\nspares: 3\n`);
    expect((await install(stage)).code).toBe(0);
    expect(readUnit(stage)).not.toMatch(/--cwd|--spares/);
    expect(readUnit(stage)).toContain(`"-${work}"`);
  });

  test.each([
    ["a flag", ["--client-key", secrets.clientKey], {}, "--client-key"],
    ["a variable", [], { SLUICE_CLIENT_KEY: secrets.clientKey }, "SLUICE_CLIENT_KEY"],
    ["a variable of native mode", ["--mode", "native"], { ANTHROPIC_API_KEY: secrets.apiKey }, "ANTHROPIC_API_KEY"],
  ])("refuses a secret in %s, and says where it belongs", async (_, args, env, source) => {
    await using stage = await setStage(fakes);
    const { code, stderr } = await install(stage, args, env);
    expect([code, existsSync(unitOf(stage))]).toEqual([exitCodes.usage, false]);
    expect(stderr).toStartWith(`sluice: ${source} holds a secret`);
    expect(stderr).toContain(`${stage.home}/.config/sluice/config.yaml, \`chmod 600\` it`);
    expect(stage.programs.calls()).toEqual([]);
  });

  test("takes no secret of Claude Code's with it, and says so", async () => {
    await using stage = await setStage(fakes);
    const env = { ANTHROPIC_API_KEY: secrets.apiKey, HTTPS_PROXY: "http://me:word@proxy:3128" };
    const { code, stderr } = await install(stage, [], env);
    expect(code).toBe(0);
    expect(stderr).toContain("ANTHROPIC_API_KEY holds a secret and is not kept");
    expect(stderr).toContain("HTTPS_PROXY holds a secret and is not kept");
    expect(readUnit(stage)).not.toMatch(/sk-ant|word/);
    const record = join(stage.home, ".local/state/sluice/service.json");
    expect([statSync(record).mode & 0o777, readFileSync(record, "utf8").includes("sk-ant")]).toEqual([0o600, false]);
  });

  test("a client key in the config file serves, and is in no unit", async () => {
    await using stage = await setStage(fakes);
    mkdirSync(join(stage.home, ".config/sluice"), { recursive: true });
    writeFileSync(join(stage.home, ".config/sluice/config.yaml"), `client-key: ${secrets.clientKey}\n`, {
      mode: 0o600,
    });
    expect(await install(stage)).toMatchObject({ code: 0, stderr: "" });
    expect(readUnit(stage)).not.toContain(secrets.clientKey);
  });

  test("a sandbox that the system refuses is left out", async () => {
    await using stage = await setStage(fakes);
    stage.programs.write("start-fails", "226");
    expect((await install(stage)).code).toBe(0);
    const unit = readUnit(stage);
    expect(unit).not.toMatch(/ProtectSystem|PrivateTmp|ReadWritePaths/);
    expect(unit).toContain("NoNewPrivileges=yes\n");
    const restarts = () => stage.programs.calls().filter((call) => call.includes(" restart ")).length;
    expect(restarts()).toBe(2);
    // One that runs is not disturbed to try again.
    expect((await install(stage)).code).toBe(0);
    expect([readUnit(stage), restarts()]).toEqual([unit, 0]);
  });

  test.each([
    ["5", "Claude Code is not logged in: run `claude auth login`"],
    ["6", "its port is taken"],
    ["70", "exit code 70, see `sluice service logs`"],
  ])("says why it does not start: exit code %s", async (exitCode, reason) => {
    await using stage = await setStage(fakes);
    stage.programs.write("start-fails", exitCode);
    stage.programs.write("for-ever", "");
    const { code, stderr } = await install(stage);
    expect(code).toBe(exitCodes.service_failed);
    expect(stderr).toStartWith(`sluice: The service does not answer: ${reason}`);
  });

  test("a Sluice of one's own on the same port is not taken for the service", async () => {
    await using stage = await setStage(fakes);
    expect((await install(stage)).code).toBe(0);
    stage.programs.write("shown", "ActiveState=active\nMainPID=1\nExecMainCode=0\nExecMainStatus=0\n");
    const { code, stdout } = await sluice(stage, ["status"]);
    expect([code, stdout]).toEqual([exitCodes.service_failed, expect.stringContaining(", which does not answer\n")]);
  });

  test("without a bus for the user", async () => {
    await using stage = await setStage(fakes);
    stage.programs.write("no-bus", "Failed to connect to bus: No medium found\n");
    const { code, stderr } = await install(stage);
    expect([code, existsSync(unitOf(stage))]).toEqual([exitCodes.service_failed, false]);
    expect(stderr).toMatch(/does not answer \(Failed to connect to bus: No medium found\): log in as the user itself/);
  });

  test("without systemd", async () => {
    await using stage = await setStage({});
    const bin = join(stage.home, "bin");
    mkdirSync(bin);
    const { code, stderr } = await install(stage, [], { PATH: bin });
    expect([code, stderr]).toEqual([
      exitCodes.service_failed,
      "sluice: There is no systemd (no systemctl on PATH): run `sluice serve` under what starts programs here.\n",
    ]);
  });

  test("on a port that will be another", async () => {
    await using stage = await setStage(fakes);
    const { code, stderr } = await sluice(stage, ["install", "--port", "0", "--claude", stage.claude]);
    expect([code, stderr]).toEqual([exitCodes.usage, "sluice: A service needs a port that stays: --port PORT.\n"]);
  });
});

test("status, start, stop, restart, logs and uninstall", async () => {
  await using stage = await setStage(fakes);
  for (const action of ["start", "stop", "restart", "logs"]) {
    expect(await sluice(stage, [action])).toEqual({
      code: exitCodes.service_failed,
      stdout: "",
      stderr: "sluice: There is no service: `sluice service install` installs it.\n",
    });
  }
  expect((await sluice(stage, ["status"])).stdout).toStartWith("Not installed");
  await install(stage);
  const status = await sluice(stage, ["status"]);
  expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/^running +since 20\S+Z \(process \d+\)$/m)]);
  expect(JSON.parse((await sluice(stage, ["status", "--json"])).stdout)).toMatchObject({
    installed: true,
    running: true,
    answers: true,
    address: `http://127.0.0.1:${stage.port}`,
    version: manifest.version,
    file: unitOf(stage),
  });

  expect((await sluice(stage, ["stop"])).stdout).toStartWith("The service is stopped");
  const stopped = await sluice(stage, ["status"]);
  expect([stopped.code, stopped.stdout]).toEqual([exitCodes.service_failed, expect.stringMatching(/^running +no$/m)]);
  for (const action of ["start", "restart"]) {
    expect((await sluice(stage, [action])).stdout).toStartWith(`Sluice ${manifest.version} answers on`);
  }
  expect((await sluice(stage, ["logs", "-f", "-n", "7"])).stdout).toBe(
    "journal --user-unit sluice.service --output=cat --lines=7 --follow\n",
  );
  expect((await sluice(stage, ["logs"])).stdout).toContain("--lines=50 --no-pager");

  stage.programs.calls();
  expect((await sluice(stage, ["uninstall"])).stdout).toBe(`Removed: ${unitOf(stage)}\n`);
  expect(stage.programs.calls()).toContain("systemctl --user disable --now --quiet sluice.service");
  expect([unitOf(stage), join(stage.home, ".local/state/sluice/service.json")].filter(existsSync)).toEqual([]);
  expect(await sluice(stage, ["uninstall"])).toEqual({ code: 0, stdout: "There was no service.\n", stderr: "" });
});

test("a log file of one's own is what logs shows", async () => {
  await using stage = await setStage(fakes);
  const path = join(stage.home, "my.log");
  writeFileSync(path, "one\ntwo\nthree\n");
  await install(stage, ["--log-file", path]);
  expect((await sluice(stage, ["logs", "-n", "2"])).stdout).toBe("two\nthree\n");
  rmSync(path);
});

test.each([
  [[], "Say what to do: sluice service install|uninstall|start|stop|restart|status|logs."],
  [["instal"], 'Unexpected "instal": did you mean install?'],
  [["stop", "--now"], 'Unexpected "--now": what the service is to do is said to `sluice service install`.'],
  [["logs", "-n", "x"], "-n needs a whole number: -n 100."],
  [["install", "--prot", "1"], 'Unknown option "--prot": did you mean --port?'],
])("refuses %j", async (args, sentence) => {
  await using stage = await setStage(fakes);
  mkdirSync(join(unitOf(stage), ".."), { recursive: true });
  writeFileSync(unitOf(stage), "");
  expect(await sluice(stage, args)).toEqual({ code: exitCodes.usage, stdout: "", stderr: `sluice: ${sentence}\n` });
});
