import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { options } from "../../src/options.ts";
import { type CommandOptions, runCommand } from "../support/command.ts";
import { secrets } from "../support/secrets.ts";

const given: CommandOptions = {
  env: { SLUICE_CLIENT_KEY: secrets.clientKey, CLAUDE_MODEL: "sonnet" },
  prepare(home) {
    mkdirSync(join(home, ".config/sluice"), { recursive: true });
    writeFileSync(join(home, ".config/sluice/config.yaml"), "log-level: debug\nallow-host: [a, b]\n");
    return [];
  },
};

test("shows each value and where it came from, but no secret", async () => {
  const { code, stdout, stderr, home } = await runCommand(["config", "--port", "81"], given);
  expect([code, stderr]).toEqual([0, ""]);
  const file = join(home, ".config/sluice/config.yaml");
  for (const line of [
    /^port +81 +\(--port\)$/m,
    /^host +127\.0\.0\.1 +\(default\)$/m,
    /^model +sonnet +\(CLAUDE_MODEL\)$/m,
    /^client-key +\*{8} +\(SLUICE_CLIENT_KEY\)$/m,
    /^effort +- +\(default\)$/m,
  ]) {
    expect(stdout).toMatch(line);
  }
  expect(stdout).toContain(`(${file}: log-level)`);
  expect(stdout).toEndWith(`Config file: ${file}\n`);
  expect(stdout).not.toContain(secrets.clientKey);
});

test("shows a value as it could stand in the config file", async () => {
  const args = ["--queue-timeout", "90", "--idle-ttl", "1500ms", "--stall-timeout", "1.5h", "--max-body", "1000000"];
  const { stdout } = await runCommand(["config", ...args]);
  const shown = Object.fromEntries(stdout.split("\n").map((line) => line.split(/ {2,}/)));
  const defaults = { "park-ttl": "30m", "response-ttl": "30d", "connect-timeout": "10s", queue: "100" };
  const given = { "queue-timeout": "90s", "idle-ttl": "1500ms", "stall-timeout": "90m", "max-body": "1000000b" };
  expect(shown).toMatchObject({ ...defaults, ...given });
});

test("as JSON too", async () => {
  const { code, stdout, home } = await runCommand(["config", "--json", "--port=81"], given);
  expect(code).toBe(0);
  expect(stdout).not.toContain(secrets.clientKey);
  const file = join(home, ".config/sluice/config.yaml");
  const shown = JSON.parse(stdout) as { file: string; options: Record<string, { value: unknown; source: string }> };
  expect(shown.file).toBe(file);
  expect(Object.keys(shown.options)).toEqual(Object.values(options).map(({ flag }) => flag));
  expect(shown.options).toMatchObject({
    port: { value: 81, source: "--port" },
    effort: { value: null, source: "default" },
    "client-key": { value: "********", source: "SLUICE_CLIENT_KEY" },
    "allow-host": { value: ["a", "b"], source: `${file}: allow-host` },
  });
});
