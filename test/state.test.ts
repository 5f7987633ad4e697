/** What another user of the machine, or a link, could do to the state folder. */

import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { InstanceRecord, sweepOrphans } from "../src/engine/claude/orphans.ts";
import { openStateFolder, stateFolder } from "../src/state.ts";
import { openDatabase } from "../src/store/database.ts";
import { temporaryFolder } from "./support/environment.ts";
import { pretend } from "./support/platform.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

test("the state folder follows XDG", () => {
  expect(stateFolder({ HOME: "/home/x", XDG_STATE_HOME: "/state" })).toBe("/state/sluice");
  expect(stateFolder({ HOME: "/home/x" })).toEndWith("sluice");
});

test("elsewhere it is where the system keeps such", () => {
  const on = (platform: string, env: Record<string, string>) => {
    using _ = pretend(platform);
    return stateFolder(env);
  };
  expect(on("darwin", { HOME: "/Users/x" })).toBe("/Users/x/Library/Application Support/sluice");
  expect(on("win32", { LOCALAPPDATA: "/local", USERPROFILE: "/users/x" })).toBe("/local/sluice");
  expect(on("win32", { USERPROFILE: "/users/x" })).toBe("/users/x/AppData/Local/sluice");
});

test("a folder, and a database, that others could read are closed to them", async () => {
  await using folder = await temporaryFolder();
  chmodSync(folder.path, 0o755);
  writeFileSync(join(folder.path, "sluice.db"), "", { mode: 0o644 });
  openDatabase(folder.path).close();
  expect(modeOf(folder.path)).toBe(0o700);
  expect(modeOf(join(folder.path, "sluice.db"))).toBe(0o600);
});

test.each([0o777, 0o1777, 0o770])("a folder that others can write into (%p) is not used", async (mode) => {
  await using folder = await temporaryFolder();
  chmodSync(folder.path, mode);
  expect(() => openStateFolder(folder.path)).toThrow(`other users can write into ${folder.path}`);
  expect(() => openDatabase(folder.path)).toThrow("other users can write into");
  expect(() => new InstanceRecord(folder.path, "/tmp/sluice-abc123")).toThrow("other users can write into");
  expect(() => sweepOrphans(folder.path)).toThrow("other users can write into");
  expect(readdirSync(folder.path)).toEqual([]);
});

test("a folder, and a database, that belong to another user are not used", async () => {
  await using folder = await temporaryFolder();
  // Root can give its own away; to anyone else the folders of the system belong to another.
  const [foreign, isRoot] = [join(folder.path, "state"), process.getuid?.() === 0];
  mkdirSync(foreign, { mode: 0o700 });
  if (isRoot) chownSync(foreign, 65534, 65534);
  expect(() => openStateFolder(isRoot ? foreign : "/usr")).toThrow("belongs to another user");
  const planted = join(folder.path, "sluice.db");
  if (isRoot) {
    writeFileSync(planted, "");
    chownSync(planted, 65534, 65534);
  } else symlinkSync("/etc/passwd", planted);
  expect(() => openDatabase(folder.path)).toThrow(/belongs to another user|is a symbolic link/);
});

test.each(["sluice.db", "sluice.db-wal", "sluice.db-shm", "sluice.db-journal"])(
  "a link in the place of %s is not followed",
  async (name) => {
    await using folder = await temporaryFolder();
    const [state, precious] = [join(folder.path, "state"), join(folder.path, "precious")];
    writeFileSync(precious, "precious");
    mkdirSync(state, { mode: 0o700 });
    if (name !== "sluice.db") new Database(join(state, "sluice.db")).close();
    symlinkSync(precious, join(state, name));
    expect(() => openDatabase(state)).toThrow("is a symbolic link, which Sluice does not follow");
    expect(readFileSync(precious, "utf8")).toBe("precious");
  },
);

test("a link in the place of the folder of records is not followed: what it leads to stays", async () => {
  await using folder = await temporaryFolder();
  const [state, precious] = [join(folder.path, "state"), join(folder.path, "precious")];
  for (const path of [state, precious]) mkdirSync(path, { mode: 0o700 });
  writeFileSync(join(precious, "thesis.txt"), "precious");
  symlinkSync(precious, join(state, "instances"));
  expect(() => sweepOrphans(state)).toThrow("is a symbolic link, which Sluice does not follow");
  expect(() => new InstanceRecord(state, "/tmp/sluice-abc123")).toThrow("is a symbolic link");
  expect(readdirSync(precious)).toEqual(["thesis.txt"]);
});

test("a record can't have anything removed but a folder that Sluice made", async () => {
  await using folder = await temporaryFolder();
  const instances = join(folder.path, "instances");
  mkdirSync(instances, { mode: 0o700 });
  const precious = [join(folder.path, "sluice-data"), join(folder.path, "sluice-abc123/../thesis1")];
  const [, outside = ""] = precious;
  for (const path of [...precious, join(folder.path, "sluice-abc123")]) mkdirSync(path, { recursive: true });
  for (const path of [...precious, `${outside}/`, "sluice-abc123"]) {
    const id = crypto.randomUUID();
    writeFileSync(join(instances, `${id}.json`), JSON.stringify({ id, pid: 1, started: "0", folder: path }));
  }
  writeFileSync(join(instances, "thesis.txt"), "");
  expect(sweepOrphans(folder.path)).toBe(0);
  expect(precious.map((path) => existsSync(path))).toEqual([true, true]);
  expect(existsSync(join(folder.path, "sluice-abc123"))).toBe(true);
  expect(readdirSync(instances)).toEqual(["thesis.txt"]);
});
