import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import manifest from "../../../package.json" with { type: "json" };
import { authStatus, locate, readVersion, testedVersion } from "../../../src/engine/claude/locate.ts";
import { exitCodes, StartError } from "../../../src/error.ts";
import { cleanEnvironment, eventually, processesWith, realClaude, temporaryFolder } from "../../support/environment.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-locate-"));
let home = folder;
beforeEach(() => {
  home = mkdtempSync(join(folder, "home-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** An executable below the home folder; a shell script with the given lines. */
function program(path: string, lines = "exit 0", mode = 0o755): string {
  const whole = join(home, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, `#!/bin/sh\n${lines}\n`);
  chmodSync(whole, mode);
  return whole;
}

async function failure(run: () => unknown): Promise<[code: number, sentence: string]> {
  try {
    await run();
  } catch (error) {
    expect(error).toBeInstanceOf(StartError);
    expect((error as StartError).message).not.toContain("\n");
    return [(error as StartError).exitCode, (error as StartError).message];
  }
  throw new Error("It did not fail.");
}

describe("locate", () => {
  const find = (claude?: string, env: Record<string, string> = {}, places: string[] = []) =>
    locate({ claude, env: { HOME: home, PATH: "", ...env } }, places);

  test("takes a path that is given, absolute or from here", () => {
    const path = program("claude");
    expect(find(path)).toBe(path);
    expect(find(`./${relative(process.cwd(), path)}`)).toBe(path);
  });

  test("takes a name that is given from PATH", () => {
    const path = program("bin/claude-next");
    expect(find("claude-next", { PATH: `/nowhere:${join(home, "bin")}` })).toBe(path);
  });

  test("prefers what is given to PATH, PATH to installers, the home folder to the system", () => {
    const given = program("given/claude");
    const onPath = program("bin/claude");
    const installed = program(".local/bin/claude");
    const system = program("system/claude");
    const PATH = join(home, "bin");
    expect(find(given, { PATH }, [system])).toBe(given);
    expect(find(undefined, { PATH }, [system])).toBe(onPath);
    expect(find(undefined, {}, [system])).toBe(installed);
    rmSync(installed);
    expect(find(undefined, {}, [system])).toBe(system);
  });

  test.each([
    ".local/bin/claude",
    ".claude/local/claude",
    ".npm-global/bin/claude",
    ".bun/bin/claude",
    ".volta/bin/claude",
    ".nvm/versions/node/v22.1.0/bin/claude",
    ".local/share/claude/versions/2.1.329",
  ])("finds ~/%s", (path) => {
    const whole = program(path);
    expect(find()).toBe(whole);
  });

  test("takes the newest of several versions that work", () => {
    program(".nvm/versions/node/v9.9.0/bin/claude");
    const newest = program(".nvm/versions/node/v22.1.0/bin/claude");
    program(".nvm/versions/node/v22.0.9/bin/claude");
    mkdirSync(join(home, ".nvm/versions/node/v24.0.0/bin"), { recursive: true });
    expect(find()).toBe(newest);
  });

  test("passes by what is no program", () => {
    mkdirSync(join(home, ".local/bin/claude"), { recursive: true });
    program(".claude/local/claude", "exit 0", 0o644);
    const whole = program(".bun/bin/claude");
    expect(find()).toBe(whole);
  });

  test("says what to do when there is none", async () => {
    const [code, sentence] = await failure(() => find());
    expect(code).toBe(exitCodes.claude_not_found);
    expect(sentence).toContain("npm install -g @anthropic-ai/claude-code");
    expect(await failure(() => locate({ claude: undefined, env: {} }, []))).toEqual([code, sentence]);
  });

  test("of npm's script for Windows finds the program that it starts, where that is there", () => {
    const script = program("npm/claude.cmd");
    const find = () => locate({ claude: "claude.cmd", env: { HOME: home, PATH: join(home, "npm") } }, []);
    expect(find()).toBe(script);
    const started = program("npm/node_modules/@anthropic-ai/claude-code/bin/claude.exe");
    expect(find()).toBe(started);
  });

  test("refuses a given one that is missing, a directory, or not executable; never takes another instead", async () => {
    program(".local/bin/claude");
    const plain = program("plain/claude", "exit 0", 0o644);
    const codes = async (claude: string) => (await failure(() => find(claude, { PATH: join(home, "bin") })))[0];
    expect(await codes("/no/such/claude")).toBe(exitCodes.claude_not_found);
    expect(await codes(join(plain, "below"))).toBe(exitCodes.claude_not_found);
    expect(await codes("no-such-claude")).toBe(exitCodes.claude_not_found);
    expect(await codes(home)).toBe(exitCodes.claude_not_executable);
    expect(await codes(plain)).toBe(exitCodes.claude_not_executable);
  });
});

describe("a program that somebody else could have put there", () => {
  const find = (claude?: string, path = "") => locate({ claude, env: { HOME: home, PATH: path } }, []);

  test("is not started, whether it was given or found", async () => {
    const claude = program("bin/claude");
    const sentence = (open: string): [number, string] => [
      exitCodes.claude_not_executable,
      `${claude} is not started: any user of this machine can change ${open}. Take that right away with \`chmod o-w\`.`,
    ];
    for (const [open, mode] of [
      [claude, 0o777],
      [join(home, "bin"), 0o777],
    ] as const) {
      chmodSync(open, mode);
      expect(await failure(() => find(claude))).toEqual(sentence(open));
      expect(await failure(() => find(undefined, join(home, "bin")))).toEqual(sentence(open));
      chmodSync(open, 0o755);
    }
    expect(find(claude)).toBe(claude);
  });

  test("is not found in the folder that Sluice is started in, also where PATH names that", async () => {
    program("claude");
    const before = process.cwd();
    process.chdir(home);
    try {
      for (const path of [".", "", ":", "./"]) {
        expect((await failure(() => find("claude", path)))[0]).toBe(exitCodes.claude_not_found);
      }
    } finally {
      process.chdir(before);
    }
  });
});

describe("readVersion", () => {
  test("reads what the CLI says", async () => {
    expect(await readVersion(program("claude", 'echo "2.1.400-beta.1 (Claude Code)"'), {})).toBe("2.1.400-beta.1");
  });

  test("the tested version is the one that is installed here", async () => {
    await using own = await temporaryFolder();
    const env = cleanEnvironment({ home: own.path, baseUrl: "http://127.0.0.1:9" });
    expect(await readVersion(realClaude, env)).toBe(testedVersion);
    expect(manifest.devDependencies["@anthropic-ai/claude-code"]).toBe(testedVersion);
  });

  test.each([
    ["fails", "echo 'cannot start: no libc' >&2; exit 127", 'exit code 127, "cannot start: no libc"'],
    ["says something else", "echo hello", 'exit code 0, "hello"'],
    ["says nothing", "exit 0", 'exit code 0, ""'],
    ["fails with a version", "echo 2.1.0; exit 1", "exit code 1"],
  ])("one that %s is broken", async (_, lines, said) => {
    const [code, sentence] = await failure(() => readVersion(program("claude", lines), {}));
    expect(code).toBe(exitCodes.claude_broken);
    expect(sentence).toContain(said);
  });

  test("one that does not answer is broken, and ended", async () => {
    const path = program("claude", "exec sleep 1000");
    const env = { PATH: "/usr/bin:/bin", SLUICE_TEST: home };
    const [code, sentence] = await failure(() => readVersion(path, env, 200));
    expect([code, sentence]).toEqual([exitCodes.claude_broken, `\`${path} --version\` did not answer within 200 ms.`]);
    await eventually(() => processesWith(home).length === 0);
  });

  test("one that the system cannot run is not executable", async () => {
    const path = join(home, "claude");
    writeFileSync(path, "\x7fELF but for another machine", { mode: 0o755 });
    expect((await failure(() => readVersion(path, {})))[0]).toBe(exitCodes.claude_not_executable);
  });

  test("gets the environment that it is given, and nothing more", async () => {
    const path = program("claude", 'echo "1.2.3-${ONE}-${HOME:-none}"');
    expect(await readVersion(path, { ONE: "one" })).toBe("1.2.3-one-none");
  });
});

describe("authStatus", () => {
  test("of the real CLI, without and with a key", async () => {
    await using own = await temporaryFolder();
    const { ANTHROPIC_API_KEY, ...env } = cleanEnvironment({ home: own.path, baseUrl: "http://127.0.0.1:9" });
    expect(await authStatus(realClaude, env)).toEqual({ loggedIn: false, method: "none" });
    expect(await authStatus(realClaude, { ...env, ANTHROPIC_API_KEY: String(ANTHROPIC_API_KEY) })).toEqual({
      loggedIn: true,
      method: "api_key",
    });
  });

  test("a token in the person's settings is no login: it may be the one for Sluice", async () => {
    await using own = await temporaryFolder();
    const { ANTHROPIC_API_KEY: _, ...env } = cleanEnvironment({ home: own.path, baseUrl: "http://127.0.0.1:9" });
    mkdirSync(join(own.path, ".claude"));
    const settings = { env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:3456", ANTHROPIC_AUTH_TOKEN: "sluice" } };
    writeFileSync(join(own.path, ".claude/settings.json"), JSON.stringify(settings));
    expect(await authStatus(realClaude, env)).toEqual({ loggedIn: false, method: "none" });
  });

  test("takes a word about the login whatever else comes with it", async () => {
    const path = program("claude", `echo '{"loggedIn":true,"new":[1]}'`);
    expect(await authStatus(path, {})).toEqual({ loggedIn: true, method: "unknown" });
  });

  test.each(["echo 'unknown command auth' >&2; exit 1", "echo '{}'", "echo null", `echo '{"loggedIn":"yes"}'`])(
    "without one it is broken: %s",
    async (lines) => {
      expect((await failure(() => authStatus(program("claude", lines), {})))[0]).toBe(exitCodes.claude_broken);
    },
  );
});
