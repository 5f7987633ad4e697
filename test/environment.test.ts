import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { loadConfig } from "../src/config.ts";
import { exportLine, homeOf, readEnvironment } from "../src/environment.ts";
import { pretend } from "./support/platform.ts";

/** What something gives on another system. */
function on<T>(platform: string, what: () => T): T {
  using _ = pretend(platform);
  return what();
}

test("what is set, as it is written; on Windows in capitals, where Path is PATH", () => {
  const read = () => readEnvironment({ Path: "C:\\Windows", http_proxy: "http://proxy", EMPTY: "", UNSET: undefined });
  expect(on("linux", read)).toEqual({ Path: "C:\\Windows", http_proxy: "http://proxy", EMPTY: "" });
  expect(on("win32", read)).toEqual({ PATH: "C:\\Windows", HTTP_PROXY: "http://proxy", EMPTY: "" });
});

test("Sluice's own variables count on Windows, whatever their case", () => {
  const port = () => loadConfig([], { env: { HOME: "/nowhere", Sluice_Port: "4000" } }).config.port;
  expect([on("linux", port), on("win32", port)]).toEqual([3456, 4000]);
});

test("the home folder is where the system's programs look for it", () => {
  const home = () => homeOf({ HOME: "/home/ada", USERPROFILE: "C:\\Users\\Ada" });
  expect([on("linux", home), on("win32", home)]).toEqual(["/home/ada", "C:\\Users\\Ada"]);
  expect(homeOf({})).toBe(homedir());
});

test("a line that sets a variable is one of the shell that people have there", () => {
  const lines = () => ["sk-1", "it's mine"].map((key) => exportLine("KEY", key));
  expect(on("linux", lines)).toEqual(["export KEY=sk-1", `export KEY='it'\\''s mine'`]);
  expect(on("win32", lines)).toEqual(["$env:KEY = 'sk-1'", "$env:KEY = 'it''s mine'"]);
});
