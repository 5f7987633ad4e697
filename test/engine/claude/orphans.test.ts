import { expect, spyOn, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InstanceRecord, instanceVariable, removeFolder, sweepOrphans } from "../../../src/engine/claude/orphans.ts";
import { eventually, isRunning, temporaryFolder } from "../../support/environment.ts";
import { pretend } from "../../support/platform.ts";

/** A process that ends for nobody but a signal, in a session of its own, as a shell of the CLI is. */
function sleeper(id: string) {
  const env = { PATH: Bun.env["PATH"] ?? "", [instanceVariable]: id };
  return Bun.spawn(["sleep", "600"], { env, detached: true, stdio: ["ignore", "ignore", "ignore"] });
}

function record(state: string, fields: object): void {
  mkdirSync(join(state, "instances"), { recursive: true });
  writeFileSync(join(state, "instances", `${crypto.randomUUID()}.json`), JSON.stringify(fields));
}

test("what a Sluice left that is gone is ended, and its folder removed; what another runs stays", async () => {
  await using folder = await temporaryFolder();
  const transcripts = join(folder.path, "sluice-abc123");
  mkdirSync(transcripts);
  const running = new InstanceRecord(folder.path, join(folder.path, "sluice-xyz789"));
  const [left, ours] = [sleeper("11111111-gone"), sleeper(running.id)];
  try {
    // A process with that id runs, but it is not the one that was written down.
    record(folder.path, { id: "11111111-gone", pid: process.pid, started: "1", folder: transcripts });
    // Right after its start a process has no environment yet.
    await eventually(() => readFileSync(`/proc/${left.pid}/environ`, "utf8").includes("11111111-gone"));
    expect(sweepOrphans(folder.path)).toBe(1);
    await left.exited;
    expect(isRunning(ours.pid)).toBe(true);
    expect(existsSync(transcripts)).toBe(false);
    expect(readdirSync(join(folder.path, "instances"))).toEqual([`${running.id}.json`]);
    running.remove();
    expect(readdirSync(join(folder.path, "instances"))).toEqual([]);
  } finally {
    left.kill("SIGKILL");
    ours.kill("SIGKILL");
  }
});

// Where there is no /proc, `ps` tells it, which does so here too.
test.each(["linux", "darwin"])(
  "on %s a Sluice that runs is told from one whose process id another has",
  async (platform) => {
    using _ = pretend(platform);
    await using folder = await temporaryFolder();
    const running = new InstanceRecord(folder.path, join(folder.path, "sluice-xyz789"));
    record(folder.path, {
      id: "11111111-gone",
      pid: process.pid,
      started: "1",
      folder: join(folder.path, "sluice-abc123"),
    });
    sweepOrphans(folder.path);
    expect(readdirSync(join(folder.path, "instances"))).toEqual([`${running.id}.json`]);
  },
);

test("a record that is none is removed, and no folder is that Sluice did not make", async () => {
  await using folder = await temporaryFolder();
  const precious = join(folder.path, "precious");
  mkdirSync(precious);
  record(folder.path, { id: "x", pid: 1, started: "0", folder: precious });
  writeFileSync(join(folder.path, "instances", `${crypto.randomUUID()}.json`), "{");
  expect(sweepOrphans(folder.path)).toBe(0);
  expect(existsSync(precious)).toBe(true);
  expect(readdirSync(join(folder.path, "instances"))).toEqual([]);
});

test("a folder that can't be removed is left to the next start", async () => {
  await using state = await temporaryFolder();
  const folder = join(state.path, "held/sluice-aaaaaa");
  mkdirSync(folder, { recursive: true });
  const record = abandon(state.path, folder);
  {
    using _ = hold(folder);
    expect(removeFolder(folder)).toBe(false);
    expect(sweepOrphans(state.path)).toBe(0);
  }
  expect([existsSync(folder), existsSync(record)]).toEqual([true, true]);
  expect(sweepOrphans(state.path)).toBe(0);
  expect([existsSync(folder), existsSync(record)]).toEqual([false, false]);
});

test("on Windows a Sluice that runs is known by its process, and one that is gone by its absence; no program is asked", async () => {
  using _ = pretend("win32");
  using nothing = spyOn(Bun, "spawnSync");
  await using state = await temporaryFolder();
  const folders = ["sluice-aaaaaa", "sluice-bbbbbb"].map((name) => join(state.path, name));
  for (const folder of folders) mkdirSync(folder);
  abandon(state.path, folders[0] ?? "");
  new InstanceRecord(state.path, folders[1] ?? "");
  expect(sweepOrphans(state.path)).toBe(0);
  expect(folders.map((folder) => existsSync(folder))).toEqual([false, true]);
  expect(nothing).not.toHaveBeenCalled();
});

/** Keeps a folder from being removed: even root can't remove what something is mounted on. */
function hold(folder: string): Disposable {
  if (process.getuid?.() !== 0) {
    chmodSync(dirname(folder), 0o500);
    return { [Symbol.dispose]: () => chmodSync(dirname(folder), 0o700) };
  }
  const run = (...command: string[]) => expect(Bun.spawnSync(command).exitCode).toBe(0);
  run("mount", "-t", "tmpfs", "none", folder);
  return { [Symbol.dispose]: () => run("umount", folder) };
}

/** The record of a Sluice that is gone. */
function abandon(state: string, folder: string): string {
  const record = new InstanceRecord(state, folder);
  const file = join(state, "instances", `${record.id}.json`);
  // A process id that is more than any system gives.
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), pid: 99_999_999 }));
  return file;
}
