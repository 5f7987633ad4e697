import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isOurs, isPrivate, openToAnyone, readableByAnyone } from "../src/trust.ts";
import { type TemporaryFolder, temporaryFolder } from "./support/environment.ts";
import { pretend } from "./support/platform.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
  mkdirSync(join(folder.path, "a/b"), { recursive: true });
  writeFileSync(join(folder.path, "a/b/file"), "", { mode: 0o755 });
});
afterEach(() => folder[Symbol.asyncDispose]());

const at = (path: string) => join(folder.path, path);

test("a file of this user's in folders of this user's is nobody else's, nor is one of the system's", () => {
  expect(openToAnyone(at("a/b/file"))).toBeUndefined();
  expect(openToAnyone("/bin/sh")).toBeUndefined();
});

test.each(["a/b/file", "a/b", "a"])("%s that anyone may write to is told", (path) => {
  chmodSync(at(path), 0o757);
  expect(openToAnyone(at("a/b/file"))).toBe(at(path));
});

test("a link is as open as what it leads to, and as where it lies", () => {
  mkdirSync(at("links"));
  symlinkSync("../a/b/file", at("links/file"));
  expect(openToAnyone(at("links/file"))).toBeUndefined();
  chmodSync(at("a/b"), 0o777);
  expect(openToAnyone(at("links/file"))).toBe(at("a/b"));
  chmodSync(at("a/b"), 0o755);
  chmodSync(at("links"), 0o777);
  expect(openToAnyone(at("links/file"))).toBe(at("links"));
});

test("in a folder such as /tmp only what is this user's or the system's stays what it is", () => {
  chmodSync(at("a"), 0o1777);
  expect(openToAnyone(at("a/b/file"))).toBeUndefined();
  // Only root can give a file away; for anyone else another user's file has to be found.
  if (process.getuid?.() === 0) chownSync(at("a/b"), 65534, 65534);
  const user = process.getuid?.() === 0 ? undefined : -1;
  expect(openToAnyone(at("a/b/file"), user)).toBe(at("a/b"));
});

test("Windows tells neither owners nor modes: nothing there is taken for another's, or for open", () => {
  const path = at("a/b/file");
  // As Windows tells them of any file.
  const stats = { uid: (process.getuid?.() ?? 0) + 1, mode: 0o100666 };
  chmodSync(path, 0o666);
  expect([isOurs(stats), isPrivate(stats), openToAnyone(path)]).toEqual([false, false, path]);
  using _ = pretend("win32");
  expect([isOurs(stats), isPrivate(stats), openToAnyone(path)]).toEqual([true, true, undefined]);
  expect(readableByAnyone(path)).toBe(false);
});
