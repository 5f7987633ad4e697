/** The agent of launchd: its property list as Python reads it, and how launchctl is called, by one that is a script. */

import { expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import manifest from "../../package.json" with { type: "json" };
import { loadConfig } from "../../src/config.ts";
import { StartError } from "../../src/error.ts";
import { Launchd } from "../../src/service/launchd.ts";
import { renderPlist } from "../../src/service/plist.ts";
import { Service } from "../../src/service/service.ts";
import { installPrograms } from "../support/debian.ts";
import { temporaryFolder } from "../support/environment.ts";
import { fakeLaunchctl } from "../support/fake-manager.ts";
import { nastyText } from "./nasty.ts";
import { setStage, type Stage } from "./stage.ts";

/** Property lists as a reader that is not ours understands them. */
async function readPlists(paths: readonly string[]): Promise<Record<string, unknown>[]> {
  const program = "import json, plistlib, sys; print(json.dumps([plistlib.load(open(p, 'rb')) for p in sys.argv[1:]]))";
  await installPrograms({ python3: "python3" });
  const python = Bun.spawn(["python3", "-c", program, ...paths], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return (await new Response(python.stdout).json()) as Record<string, unknown>[];
}

test("whatever an argument, a variable or a path holds, it is read as it was written", async () => {
  await using folder = await temporaryFolder();
  const anyText = fc.oneof(
    nastyText,
    fc.string({ unit: "grapheme" }).filter((text) => !/[\p{Cc}\p{Cs}\ufffe\uffff]/u.test(text)),
  );
  const cases = fc.sample(
    fc.record({
      command: fc.array(anyText, { minLength: 1 }),
      env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,9}$/), anyText),
      logFile: anyText,
      drainTimeout: fc.nat(1e9),
    }),
    200,
  );
  const paths = cases.map((one, n) => {
    const path = join(folder.path, `${n}.plist`);
    writeFileSync(path, renderPlist("label", { ...one, agent: false, cwd: undefined }, one.logFile));
    return path;
  });
  const read = await readPlists(paths);
  for (const [n, { command, env, logFile }] of cases.entries()) {
    const expected = {
      ProgramArguments: command,
      EnvironmentVariables: { ...env },
      StandardErrorPath: logFile,
      Label: "label",
    };
    expect(read[n]).toMatchObject(expected);
  }
});

const fakes = { launchctl: fakeLaunchctl };

const setUp = ({ env, claude, port }: Stage) => {
  const loaded = loadConfig(["--claude", claude, "--port", String(port)], { env });
  const service = new Service(loaded.config, new Launchd(env, 501));
  const args = ["--port", String(port), "--claude", claude];
  return {
    service,
    install: (more: string[] = []) => service.install(loadConfig([...args, ...more], { env }), [...args, ...more]),
  };
};

test("is installed as an agent that launchd starts, and starts again when it has failed", async () => {
  await using stage = await setStage(fakes);
  const { service, install } = setUp(stage);
  expect(await install()).toEqual([]);
  const agent = join(stage.home, "Library/LaunchAgents/claude-sluice.plist");
  const changes = () => stage.programs.calls().filter((call) => !call.startsWith("launchctl print"));
  expect(changes()).toEqual(["launchctl enable gui/501/claude-sluice", `launchctl bootstrap gui/501 ${agent}`]);
  const log = join(stage.home, "Library/Logs/sluice/sluice.log");
  const [job] = await readPlists([agent]);
  expect(job).toMatchObject({
    Label: "claude-sluice",
    RunAtLoad: true,
    KeepAlive: { SuccessfulExit: false },
    ExitTimeOut: 40,
    StandardOutPath: log,
    StandardErrorPath: log,
    EnvironmentVariables: { PATH: stage.programs.path },
  });
  const command = job?.["ProgramArguments"] as string[];
  const kept = ["serve", "--port", String(stage.port), `--claude=${stage.claude}`, `--log-file=${log}`];
  expect(command.slice(-kept.length)).toEqual(kept);
  // launchd would make it for all to read.
  expect(statSync(log).mode & 0o777).toBe(0o600);
  expect(await service.ready()).toMatchObject({
    installed: true,
    running: true,
    pid: process.pid,
    address: `http://127.0.0.1:${stage.port}`,
    health: { ok: true, version: manifest.version },
  });
  expect(service.logs(9, true)).toEqual(["tail", "-n", "9", "-F", log]);

  // What it is already is left alone; what has changed leaves launchd, and only then comes back.
  await install();
  expect(changes()).toEqual(["launchctl enable gui/501/claude-sluice", "launchctl kickstart gui/501/claude-sluice"]);
  await install(["--queue", "5"]);
  expect(changes()).toEqual([
    "launchctl enable gui/501/claude-sluice",
    "launchctl bootout gui/501/claude-sluice",
    `launchctl bootstrap gui/501 ${agent}`,
  ]);

  await service.manager.stop();
  await service.manager.stop();
  expect(changes()).toEqual(["launchctl bootout gui/501/claude-sluice"]);
  expect(await service.status()).toMatchObject({ installed: true, running: false });
  await service.manager.start();
  await service.uninstall();
  expect(changes()).toEqual([`launchctl bootstrap gui/501 ${agent}`, "launchctl bootout gui/501/claude-sluice"]);
  const made = [agent, log, join(stage.home, ".local/state/sluice/service.json")];
  expect(made.filter(existsSync)).toEqual([]);
  await service.uninstall();
});

test("without a session on the screen", async () => {
  await using stage = await setStage(fakes);
  stage.programs.write("no-session", "Bad request.\nCould not find domain for port");
  const refused = setUp(stage).install();
  expect(refused).rejects.toBeInstanceOf(StartError);
  expect(refused).rejects.toThrow(
    "launchd has no session of yours (Bad request.): log in on the screen of this Mac once",
  );
  await refused.catch(() => {});
  expect(existsSync(join(stage.home, "Library"))).toBe(false);
});

test("what launchctl says of a failure is passed on", async () => {
  await using stage = await setStage({
    launchctl: `${fakeLaunchctl.replace("touch loaded", "echo 'Bootstrap failed: 125' >&2; exit 125")}`,
  });
  await expect(setUp(stage).install()).rejects.toThrow(
    /^`launchctl bootstrap gui\/501 \S+claude-sluice.plist` failed \(exit code 125\): Bootstrap failed: 125$/,
  );
  expect(readFileSync(join(stage.home, "Library/LaunchAgents/claude-sluice.plist"), "utf8")).toStartWith("<?xml");
});
