import { expect, test } from "bun:test";
import { homedir } from "node:os";
import { loadConfig } from "../src/config.ts";
import { exportLine, homeOf, readEnvironment } from "../src/environment.ts";

test("what is set, as it is written; on Windows in capitals, where Path is PATH", () => {
  const env = { Path: "C:\\Windows", http_proxy: "http://proxy", EMPTY: "", UNSET: undefined };
  expect(readEnvironment(env, "linux")).toEqual({ Path: "C:\\Windows", http_proxy: "http://proxy", EMPTY: "" });
  expect(readEnvironment(env, "win32")).toEqual({ PATH: "C:\\Windows", HTTP_PROXY: "http://proxy", EMPTY: "" });
});

test("Sluice's own variables count on Windows, whatever their case", () => {
  const env = { HOME: "/nowhere", Sluice_Port: "4000" };
  expect(loadConfig([], { env, platform: "win32" }).config.port).toBe(4000);
  expect(loadConfig([], { env, platform: "linux" }).config.port).toBe(3456);
});

test("the home folder is where the system's programs look for it", () => {
  const env = { HOME: "/home/ada", USERPROFILE: "C:\\Users\\Ada" };
  expect(homeOf(env, "linux")).toBe("/home/ada");
  expect(homeOf(env, "win32")).toBe("C:\\Users\\Ada");
  expect(homeOf({}, "linux")).toBe(homedir());
});

test("a line that sets a variable is one of the shell that people have there", () => {
  expect(exportLine("KEY", "sk-1", "linux")).toBe("export KEY=sk-1");
  expect(exportLine("KEY", "it's mine", "linux")).toBe(`export KEY='it'\\''s mine'`);
  expect(exportLine("KEY", "it's mine", "win32")).toBe("$env:KEY = 'it''s mine'");
});
