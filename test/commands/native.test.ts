import { expect, spyOn, test } from "bun:test";
import { raiseRequestLimit } from "../../src/commands/native.ts";
import { loadConfig } from "../../src/config.ts";
import { pretend } from "../support/platform.ts";

test("this program is started once more with room for many requests, but on Windows, which can't", () => {
  const { config } = loadConfig([], { env: { HOME: "/nowhere" } });
  using execve = spyOn(process, "execve").mockImplementation((() => {}) as unknown as typeof process.execve & {});
  {
    using _ = pretend("win32");
    raiseRequestLimit(config);
    expect(execve).not.toHaveBeenCalled();
  }
  raiseRequestLimit(config);
  expect(execve.mock.lastCall?.[2]).toEqual({ HOME: "/nowhere", BUN_CONFIG_MAX_HTTP_REQUESTS: "65535" });
});
