import { describe, expect, test } from "bun:test";
import { utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../src/config.ts";
import { checkClock, checkMemory, checkProxies } from "../../src/doctor/machine.ts";
import { temporaryFolder } from "../support/environment.ts";

const config = (env: Record<string, string>, args: string[] = []) => loadConfig(args, { env }).config;

describe("proxies", () => {
  test.each([
    [{}, "ok"],
    [{ NO_PROXY: "x" }, "ok"],
    [{ http_proxy: "http://p" }, "warning"],
    [{ ALL_PROXY: "socks5://p", NO_PROXY: "localhost" }, "warning"],
    [{ ALL_PROXY: "socks5://p", no_proxy: "localhost, 127.0.0.1" }, "ok"],
    [{ HTTPS_PROXY: "http://p", NO_PROXY: "*" }, "ok"],
  ])("%j: %s", (env, level) => {
    expect(checkProxies(config(env as Record<string, string>))).toMatchObject([{ level }]);
  });
});

test("a clock that is years behind, or behind what is installed, can't be right; one that is ahead may be", async () => {
  await using folder = await temporaryFolder();
  const program = join(folder.path, "sluice");
  writeFileSync(program, "");
  const installed = new Date("2027-06-01");
  utimesSync(program, installed, installed);
  const level = (time: string) => checkClock(Date.parse(time), program)[0]?.level;
  const levels = ["1970-01-01", "2026-10-01", "2027-05-01", "2027-06-02", "2100-01-01"].map(level);
  expect(levels).toEqual(["warning", "warning", "warning", "ok", "ok"]);
});

test("memory for the processes that are asked for", () => {
  const check = (processes: string, total: number) =>
    checkMemory(config({}, ["--max-processes", processes]), total, total / 2)[0];
  expect(check("4", 2e9)).toMatchObject({
    level: "ok",
    message: "1.0 GB of 2.0 GB of memory are free; a process of Claude Code takes about 0.1 GB.",
  });
  expect(check("20", 2e9)).toMatchObject({ level: "warning", mend: "sluice --max-processes 10" });
  expect(check("1", 1e8)?.level).toBe("ok");
  expect(checkMemory(config({ ANTHROPIC_API_KEY: "k" }, ["--mode", "native"]))).toEqual([]);
});
