import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { exitCodes } from "../../src/error.ts";
import {
  type ClaudeScript,
  type CommandOptions,
  runCommand,
  scriptedClaude,
  startCommand,
  waitForFile,
} from "../support/command.ts";
import { cleanEnvironment, eventually, processesWith, realClaude, temporaryFolder } from "../support/environment.ts";
import { startMock } from "../support/mock-anthropic.ts";
import { secrets } from "../support/secrets.ts";

const listening = /listening on (http:\/\/\S+)/;
const ready = /OPENAI_API_KEY=.*\n/;
const sound: ClaudeScript = {
  version: `echo "${testedVersion} (Claude Code)"`,
  auth: `echo '{"loggedIn":true,"authMethod":"api_key"}'`,
};

/** A Sluice in front of a scripted CLI. */
const scripted = (script: Partial<ClaudeScript> = {}, mode?: number): CommandOptions => ({
  prepare: (home) => ["--port", "0", "--claude", scriptedClaude(home, { ...sound, ...script }, mode)],
});

describe("serve", () => {
  test("says where it listens, which CLI answers, and what clients need", async () => {
    await using sluice = await startCommand(["--port", "0", "--claude", realClaude]);
    const [, url = ""] = await sluice.until(listening);
    await sluice.until(ready);
    expect(sluice.stdout().split("\n")).toEqual([
      `Sluice ${manifest.version} listening on ${url}`,
      `Claude Code ${testedVersion} (${realClaude})`,
      "",
      "For your clients:",
      `export ANTHROPIC_BASE_URL=${url}`,
      "export ANTHROPIC_API_KEY=sluice",
      `export OPENAI_BASE_URL=${url}/v1`,
      "export OPENAI_API_KEY=sluice",
      "",
    ]);
    sluice.kill("SIGTERM");
    expect(await sluice.ended).toBe(0);
    expect(sluice.stderr()).toBe("");
  });

  test("a failure that nobody waits for is a line of the log, without its secrets, and ends nothing", async () => {
    await using sluice = await startCommand(["serve", "--mode", "native", "--port", "0", "--log-level", "error"], {
      env: { BUN_OPTIONS: "--preload ./unheard.ts", ANTHROPIC_API_KEY: secrets.apiKey },
      prepare: (home) => {
        const failure = `new Error("The bug of " + process.env.ANTHROPIC_API_KEY)`;
        writeFileSync(join(home, "unheard.ts"), `process.on("SIGUSR2", () => void Promise.reject(${failure}));`);
        return [];
      },
    });
    const [, url = ""] = await sluice.until(ready).then(() => listening.exec(sluice.stdout()) ?? []);
    sluice.kill("SIGUSR2");
    await eventually(() => sluice.stderr().includes("\n"));
    const [line = "", ...rest] = sluice.stderr().split("\n");
    expect(rest).toEqual([""]);
    expect(JSON.parse(line)).toMatchObject({
      level: "error",
      msg: "A failure that nobody waited for",
      cause: expect.stringContaining("The bug of [redacted]"),
    });
    expect((await fetch(`${url}/health`)).status).toBe(200);
    sluice.kill("SIGTERM");
    expect(await sluice.ended).toBe(0);
  });

  test("never shows the client key", async () => {
    await using sluice = await startCommand(["serve"], {
      ...scripted(),
      env: { SLUICE_CLIENT_KEY: secrets.clientKey },
    });
    await sluice.until(ready);
    expect(sluice.stdout()).toContain("export ANTHROPIC_API_KEY='<your client key>'\n");
    expect(sluice.stdout() + sluice.stderr()).not.toContain(secrets.clientKey);
  });

  test("listens before the CLI has said a word", async () => {
    const slow = { version: `${waitForFile("go")}; ${sound.version}` };
    await using sluice = await startCommand(["serve"], scripted(slow));
    const [, url = ""] = await sluice.until(listening);
    expect((await fetch(`${url}/no/such/path`)).status).toBe(404);
    expect(sluice.stdout()).not.toContain("Claude Code");
    writeFileSync(join(sluice.home, "go"), "");
    await sluice.until(ready);
  });

  test("an untested CLI is warned about, not refused", async () => {
    await using sluice = await startCommand(["serve"], scripted({ version: "echo 9.9.9" }));
    await sluice.until(ready);
    expect(sluice.stdout()).toContain("Claude Code 9.9.9 (");
    await eventually(() =>
      sluice.stderr().includes(`Claude Code 9.9.9 is untested: ${testedVersion} is known to work`),
    );
  });
});

describe("does not start", () => {
  /** The exit code and the one sentence on stderr. */
  const refused = async (args: string[], options?: CommandOptions) => {
    const { code, stderr } = await runCommand(args, options);
    expect(stderr).toMatch(/^sluice: [^\n]+\.\n$/);
    return [code, stderr.slice("sluice: ".length, -1)] as const;
  };

  test("without Claude Code", async () => {
    expect(await refused(["--port", "0", "--claude", "/no/such/claude"])).toEqual([
      exitCodes.claude_not_found,
      "There is no /no/such/claude: give the path of Claude Code with --claude PATH.",
    ]);
    expect((await refused(["--port", "0"], { env: { SLUICE_CLAUDE: "no-such-claude" } }))[0]).toBe(3);
  });

  test("with a Claude Code that is not executable", async () => {
    const [code, sentence] = await refused([], scripted({}, 0o644));
    expect([code, sentence]).toEqual([exitCodes.claude_not_executable, expect.stringContaining("chmod +x")]);
    expect((await refused(["--port", "0", "--claude", "/"]))[0]).toBe(exitCodes.claude_not_executable);
  });

  test("with a Claude Code that is broken", async () => {
    const [code, sentence] = await refused([], scripted({ version: "echo 'no libc here' >&2; exit 1" }));
    expect([code, sentence]).toEqual([exitCodes.claude_broken, expect.stringContaining("no libc here")]);
  });

  test("with a Claude Code that is not logged in", async () => {
    const env = { ANTHROPIC_API_KEY: undefined };
    expect(await refused(["--port", "0", "--claude", realClaude], { env })).toEqual([
      exitCodes.not_logged_in,
      "Claude Code is not logged in: run `claude auth login`.",
    ]);
  });

  test("on a port that is taken", async () => {
    using taken = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("taken") });
    const [code, sentence] = await refused(["--port", String(taken.port), "--claude", realClaude]);
    expect([code, sentence]).toEqual([exitCodes.port_taken, expect.stringContaining(`Port ${taken.port} is taken`)]);
  });

  test("on a port that another Sluice has: the system would share it between two that both allow that", async () => {
    await using first = await startCommand(["serve"], scripted());
    const [, port = ""] = await first.until(/listening on http:\/\/\S+:(\d+)/);
    const [code, sentence] = await refused(["--port", port, "--claude", realClaude]);
    expect([code, sentence]).toEqual([exitCodes.port_taken, expect.stringContaining(`Port ${port} is taken`)]);
  });

  test("beyond loopback without a client key", async () => {
    const [code, sentence] = await refused(["--port", "0", "--host", "0.0.0.0"]);
    expect([code, sentence]).toEqual([exitCodes.usage, expect.stringContaining("SLUICE_CLIENT_KEY")]);
  });
});

describe("signals", () => {
  test.each(["SIGINT", "SIGTERM"] as const)("%s ends it with 0, also while the CLI is still asked", async (signal) => {
    await using sluice = await startCommand(["serve"], scripted({ version: waitForFile("never") }));
    await sluice.until(listening);
    sluice.kill(signal);
    expect(await sluice.ended).toBe(0);
  });

  test("a second one ends it at once, whatever still runs", async () => {
    // A turn that never ends keeps the first one waiting. The script ends with the pipe that Sluice holds.
    const turn = `touch "$HOME/started"; exec cat >/dev/null`;
    await using sluice = await startCommand(["serve", "--model", "sonnet"], scripted({ turn }));
    const [, url = ""] = await sluice.until(listening);
    await sluice.until(ready);
    const request = fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] }),
    }).catch(() => undefined);
    await eventually(() => existsSync(join(sluice.home, "started")));

    const refusesConnections = () =>
      fetch(`${url}/health`).then(
        () => false,
        () => true,
      );
    sluice.kill("SIGINT");
    await eventually(refusesConnections);
    sluice.kill("SIGINT");
    expect(await sluice.ended).toBe("SIGINT");
    await request;
  });
});

describe("--exit-with-parent", () => {
  /** A program that starts Sluice, reads what it prints, and is killed. */
  const starter = `
    const sluice = Bun.spawn(JSON.parse(process.argv[1]), { stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    for await (const chunk of sluice.stdout) process.stdout.write(chunk);
  `;

  test("stops when the program that started it is killed, with all that Sluice started", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock({ handler: () => new Promise(() => {}) });
    const marker = randomUUID();
    const main = resolve(import.meta.dir, "../../src/main.ts");
    const flags = ["--port", "0", "--claude", realClaude, "--pass-env", "SLUICE_TEST", "--drain-timeout", "10ms"];
    const parent = Bun.spawn(
      [process.execPath, "-e", starter, JSON.stringify([process.execPath, main, ...flags, "--exit-with-parent"])],
      { env: cleanEnvironment({ home: folder.path, baseUrl: mock.url, marker }), stdin: "ignore", stdout: "pipe" },
    );
    let printed = "";
    void (async () => {
      for await (const chunk of parent.stdout) printed += new TextDecoder().decode(chunk);
    })();
    const [, url = ""] = await eventually(() => listening.exec(printed));
    const request = fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] }),
    }).catch(() => undefined);
    await mock.waitFor(1);
    expect(processesWith(marker).length).toBeGreaterThan(2);

    parent.kill("SIGKILL");
    await eventually(() => processesWith(marker).length === 0);
    await request;
  });
});
