import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { loadConfig } from "../../../src/config.ts";
import { Launcher } from "../../../src/engine/claude/launch.ts";
import { createLog } from "../../../src/log.ts";
import { cleanEnvironment, realClaude, temporaryFolder } from "../../support/environment.ts";
import { pretend } from "../../support/platform.ts";

/** The folder of a launcher before and after something was done to it. */
async function after(change: (folder: string) => void): Promise<[before: string, after: string]> {
  await using home = await temporaryFolder();
  const env = cleanEnvironment({ home: home.path, baseUrl: "http://127.0.0.1:9" });
  const { config } = loadConfig(["--claude", realClaude], { env });
  const launcher = new Launcher(config, createLog("silent"));
  const before = launcher.folder;
  change(before);
  const now = launcher.folder;
  expect([launcher.folder, statSync(now).isDirectory()]).toEqual([now, true]);
  launcher.close();
  expect(existsSync(now)).toBe(false);
  rmSync(before, { recursive: true, force: true });
  return [before, now];
}

type Change = [where: string, change: (folder: string) => void];

const instead = (put: (folder: string) => void) => (folder: string) => {
  rmSync(folder, { recursive: true });
  put(folder);
};

const isRoot = process.getuid?.() === 0;
const anothers: Change = ["it is another user's", (folder) => chownSync(folder, 65_534, 65_534)];

describe("the launcher's folder", () => {
  test.each<Change>([
    ["it is gone", instead(() => {})],
    ["a file is in its place", instead((folder) => writeFileSync(folder, "", { mode: 0o600 }))],
    ["a link is in its place", instead((folder) => symlinkSync("/etc", folder))],
    ...(isRoot ? [anothers] : []),
    ["others can look into it", (folder) => chmodSync(folder, 0o755)],
  ])("is another one where %s", async (_, change) => {
    const [before, now] = await after(change);
    expect(now).not.toBe(before);
  });

  test("stays where nothing has a mode", async () => {
    using _ = pretend("win32");
    const [before, now] = await after((folder) => chmodSync(folder, 0o777));
    expect(now).toBe(before);
  });
});
