import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findProgram } from "../../src/openclaw/program.ts";
import { temporaryFolder } from "../support/environment.ts";
import { pretend } from "../support/platform.ts";

function executable(path: string, mode = 0o755): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, mode);
  return path;
}

test("the setting wins over what came along, and that over PATH", async () => {
  await using folder = await temporaryFolder();
  const bare = join(folder.path, "bare");
  const path = `relative:${join(folder.path, "empty")}:${join(folder.path, "bin")}`;
  expect(findProgram([], bare, path)).toBeUndefined();

  const onPath = executable(join(folder.path, "bin/sluice"));
  expect(findProgram([], bare, path)).toEqual({ command: onPath, args: [] });

  const root = join(folder.path, "plugin");
  const inside = join(root, "node_modules/claude-sluice");
  const bundled = executable(join(inside, "bin/it"));
  writeFileSync(join(inside, "package.json"), JSON.stringify({ name: "claude-sluice", bin: { sluice: "bin/it" } }));
  expect(findProgram([], root, path)).toEqual({ command: bundled, args: [] });
  expect(findProgram([], undefined, path)).toEqual({ command: onPath, args: [] });

  const own = executable(join(folder.path, "bin/own"));
  expect(findProgram(["own", "-x"], root, path)).toEqual({ command: own, args: ["-x"] });
  expect(findProgram([own], root, "")).toEqual({ command: own, args: [] });
});

test("on Windows it is found by the name that it has there", async () => {
  await using folder = await temporaryFolder();
  const program = executable(join(folder.path, "sluice.exe"));
  expect(findProgram([], undefined, folder.path)).toBeUndefined();
  using _ = pretend("win32");
  expect(findProgram([], undefined, folder.path)).toEqual({ command: program, args: [] });
});

test("what can't be run is not found", async () => {
  await using folder = await temporaryFolder();
  const plain = executable(join(folder.path, "sluice"), 0o644);
  expect(findProgram([], undefined, folder.path)).toBeUndefined();
  expect(findProgram([plain], undefined, "")).toBeUndefined();
  expect(findProgram([folder.path], undefined, "")).toBeUndefined();
  expect(findProgram(["no-such-program"], undefined, folder.path)).toBeUndefined();
});
