import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cleanEnvironment,
  descendants,
  eventually,
  isRunning,
  processesWith,
  realClaude,
  temporaryFolder,
} from "./environment.ts";
import { secrets } from "./secrets.ts";

test("a clean environment points everything into its folder, and takes nothing of the person's own", async () => {
  await using folder = await temporaryFolder();
  const { PATH, ...env } = cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:1", path: "/bin" });
  expect(PATH).toBe("/bin");
  const elsewhere = Object.entries(env).filter(([, value]) => value.startsWith("/") && !value.startsWith(folder.path));
  expect(elsewhere).toEqual([]);
  expect(env).toMatchObject({
    HOME: folder.path,
    ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
    ANTHROPIC_API_KEY: secrets.apiKey,
  });
  expect(existsSync(env["TMPDIR"] ?? "")).toBe(true);
});

test("a temporary folder is gone with its scope", async () => {
  const path = await (async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, "file"), "");
    return folder.path;
  })();
  expect(existsSync(path)).toBe(false);
});

test("processes are found by their marker and by their parents, and not once they ended", async () => {
  const marker = crypto.randomUUID();
  const env = { PATH: "/usr/bin:/bin", SLUICE_TEST: marker };
  const shell = Bun.spawn(["sh", "-c", "sleep 600; true"], { env, stderr: "ignore" });
  const sleeper = await eventually(() => processesWith(marker).find(({ command }) => command === "sleep 600"));
  expect(descendants(process.pid).map(({ pid }) => pid)).toEqual(expect.arrayContaining([shell.pid, sleeper.pid]));
  expect(descendants(shell.pid)).toEqual([sleeper]);
  expect(processesWith(crypto.randomUUID())).toEqual([]);

  expect(isRunning(sleeper.pid)).toBe(true);
  process.kill(sleeper.pid);
  await shell.exited;
  await eventually(() => processesWith(marker).length === 0);
  expect(isRunning(sleeper.pid)).toBe(false);
});

test("waiting ends with the value, or with an error that names the check", async () => {
  let n = 0;
  expect(await eventually(() => ++n === 3 && "done")).toBe("done");
  expect(await eventually(() => n > 3, 20).catch(String)).toContain("n > 3");
});

test("the real CLI is there", () => {
  expect(existsSync(realClaude)).toBe(true);
});
