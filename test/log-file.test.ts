import { describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { StartError } from "../src/error.ts";
import { openLogFile } from "../src/log-file.ts";
import { scriptedClaude, startCommand } from "./support/command.ts";
import { eventually, temporaryFolder } from "./support/environment.ts";

const line = (n: number) => `${"x".repeat(95)}${String(n).padStart(4, "0")}\n`;

test("rotates before it is too large, keeps so many older ones, and loses no line of those", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logs/sluice.log");
  const write = openLogFile(path, { size: 1000, kept: 2 });
  for (let n = 0; n < 45; n++) write(line(n));
  expect(readdirSync(join(path, "..")).sort()).toEqual(["sluice.log", "sluice.log.1", "sluice.log.2"]);
  const files = [`${path}.2`, `${path}.1`, path];
  for (const file of files) expect([statSync(file).size <= 1000, statSync(file).mode & 0o777]).toEqual([true, 0o600]);
  const kept = files.map((file) => readFileSync(file, "utf8")).join("");
  expect(kept).toBe(Array.from({ length: 25 }, (_, n) => line(n + 20)).join(""));
});

test("what another one says in the same file stands in it too, before and after a rotation", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "sluice.log");
  const launchd = openSync(path, "a");
  const write = openLogFile(path, { size: 1000, kept: 1 });
  writeSync(launchd, "before\n");
  for (let n = 0; n < 11; n++) write(line(n));
  writeSync(launchd, "after\n");
  closeSync(launchd);
  expect(readFileSync(`${path}.1`, "utf8")).toStartWith("before\n");
  expect(readFileSync(path, "utf8")).toEndWith(`${line(10)}after\n`);
  expect(statSync(path).size).toBeLessThan(1000);
});

test("goes on in the file that is there", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "sluice.log");
  for (const n of [1, 2]) openLogFile(path)(line(n));
  expect(readFileSync(path, "utf8")).toBe(line(1) + line(2));
});

test.each([
  ["removed", (path: string) => rmSync(path)],
  ["moved away", (path: string) => renameSync(path, `${path}.yesterday`)],
  ["removed with its folder", (path: string) => rmSync(dirname(path), { recursive: true })],
])("goes on in a new one where it was %s", async (_, take) => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "sluice.log");
  const write = openLogFile(path, { size: 250, kept: 1 });
  write(line(1));
  take(path);
  for (const n of [2, 3, 4]) write(line(n));
  expect(readFileSync(`${path}.1`, "utf8")).toBe(line(2) + line(3));
  expect([readFileSync(path, "utf8"), statSync(path).mode & 0o777]).toEqual([line(4), 0o600]);
});

test("each new one takes the place of the one before it, and no descriptor more", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "sluice.log");
  const write = openLogFile(path);
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let n = 0; n < 20; n++) {
    write(line(n));
    rmSync(path);
  }
  expect(descriptors()).toBeLessThan(before + 10);
});

test("a line that can't be written throws nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "logs/sluice.log");
  const write = openLogFile(path, { size: 100, kept: 1 });
  rmSync(dirname(path), { recursive: true });
  writeFileSync(dirname(path), "no folder");
  for (const n of [1, 2]) write(line(n));
  expect(existsSync(path)).toBe(false);
});

describe("refuses in one sentence", () => {
  test.each([
    ["a folder", (path: string) => path, "EISDIR"],
    ["a link", (path: string) => (symlinkSync("/dev/null", join(path, "link")), join(path, "link")), "ELOOP"],
    ["a device", () => "/dev/null", "is no regular file"],
    ["a pipe", (path: string) => (Bun.spawnSync(["mkfifo", join(path, "pipe")]), join(path, "pipe")), "ENXIO"],
  ])("%s", async (_, place, reason) => {
    await using folder = await temporaryFolder();
    const path = place(folder.path);
    const refused = expect(() => openLogFile(path));
    refused.toThrow(StartError);
    refused.toThrow(reason);
  });
});

test("--log-file: the log is there, and not on stderr", async () => {
  await using sluice = await startCommand(["serve"], {
    prepare: (home) => {
      const claude = scriptedClaude(home, { version: "echo 9.9.9", auth: `echo '{"loggedIn":true}'` });
      return ["--port", "0", "--claude", claude, "--log-file", join(home, "logs/sluice.log")];
    },
  });
  const path = join(sluice.home, "logs/sluice.log");
  const logged = await eventually(
    () => existsSync(path) && /"msg":"Claude Code 9.9.9 is untested/.exec(readFileSync(path, "utf8")),
  );
  expect(logged).not.toBeNull();
  sluice.kill("SIGTERM");
  expect([await sluice.ended, sluice.stderr()]).toEqual([0, ""]);
});
