/** The service in the real systemd of a user, who is not root. */

import { expect, test } from "bun:test";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import manifest from "../../package.json" with { type: "json" };
import { exitCodes } from "../../src/error.ts";
import { renderUnit } from "../../src/service/unit.ts";
import { buildBinary, executable } from "../support/binary.ts";
import { scriptedClaude } from "../support/command.ts";
import { eventually } from "../support/environment.ts";
import { startUserSystemd, type UserSystemd } from "../support/systemd.ts";
import { nastyName, nastyText } from "./nasty.ts";

const unitFolder = (home: string) => join(home, ".config/systemd/user");

test("whatever a path, an argument or a variable holds, it reaches the program as it is", async () => {
  await using systemd = await startUserSystemd();
  const { home, elsewhere } = systemd;
  const cases = fc.sample(fc.record({ folder: nastyName, args: fc.array(nastyText), value: nastyText }), 40);
  // Says what it was called as, with what, and in which environment; and writes where it may.
  const program = `#!/bin/sh\ntouch "$CLAUDE_CONFIG_DIR/written" "$CLAUDE_CONFIG_DIR/../$N"\n{ printf '%s\\0' "$0" "$@"; env -0; } > "$OUT.part" && mv "$OUT.part" "$OUT"\n`;
  mkdirSync(unitFolder(home), { recursive: true });
  const expected = cases.map(({ folder, args, value }, n) => {
    const path = join(home, folder, "program");
    const writable = join(elsewhere, String(n), folder);
    for (const made of [join(home, folder), writable]) mkdirSync(made, { recursive: true });
    writeFileSync(path, program, { mode: 0o755 });
    const env = { VALUE: value, OUT: join(home, `out-${n}`), CLAUDE_CONFIG_DIR: writable, N: String(n) };
    const definition = {
      command: [path, ...args],
      env,
      agent: false,
      cwd: undefined,
      logFile: undefined,
      drainTimeout: 0,
    };
    writeFileSync(
      join(unitFolder(home), `nasty-${n}.service`),
      renderUnit(definition, { notify: false, sandbox: true }),
    );
    return { called: [path, ...args], env };
  });
  await systemd.own();
  const names = cases.map((_, n) => `nasty-${n}.service`);
  expect(
    await systemd.run(["systemd-analyze", "--user", "verify", ...names.map((name) => join(unitFolder(home), name))]),
  ).toEqual({
    code: 0,
    output: "",
  });
  await systemd.run(["systemctl", "--user", "daemon-reload"]);
  expect(await systemd.run(["systemctl", "--user", "start", ...names])).toEqual({ code: 0, output: "" });

  for (const [n, { called, env }] of expected.entries()) {
    const out = join(home, `out-${n}`);
    await eventually(() => existsSync(out));
    const words = readFileSync(out, "utf8").split("\0");
    expect(words.slice(0, called.length)).toEqual(called);
    for (const [name, value] of Object.entries(env)) expect(words).toContain(`${name}=${value}`);
    const written = [join(env.CLAUDE_CONFIG_DIR, "written"), join(elsewhere, env.N, env.N)].map(existsSync);
    expect(written).toEqual([true, false]);
  }
});

test("is installed, answers, comes back when it is killed, and leaves nothing behind", async () => {
  await buildBinary();
  await using systemd = await startUserSystemd();
  const { home } = systemd;
  // As Homebrew has it: a link in PATH leads to a folder that is another one after an update.
  const cellar = join(home, "Cel lar/1.2.3");
  const bin = join(home, "b in");
  for (const folder of [cellar, bin]) mkdirSync(folder, { recursive: true });
  copyFileSync(executable, join(cellar, "sluice"));
  chmodSync(join(cellar, "sluice"), 0o755);
  const program = join(bin, "sluice");
  symlinkSync(join(cellar, "sluice"), program);
  const sound = { version: "echo 9.9.9", auth: `echo '{"loggedIn":true}'`, turn: "exec cat >/dev/null" };
  const claude = scriptedClaude(home, sound);
  // Sooner than after 10 seconds.
  const unit = join(unitFolder(home), "sluice.service");
  mkdirSync(`${unit}.d`, { recursive: true });
  writeFileSync(`${unit}.d/quick.conf`, "[Service]\nRestartSec=0.1\n");
  await systemd.own();
  const sluice = (...args: string[]) => systemd.run([program, "service", ...args], { PATH: `${bin}:/usr/bin:/bin` });
  const port = freePort();
  const install = () => sluice("install", "--claude", claude, "--port", String(port));
  const status = async () => {
    const { code, output } = await sluice("status", "--json");
    return { code, ...(JSON.parse(output) as Status) };
  };

  const first = await install();
  expect(first.output).toContain(`Sluice ${manifest.version} answers on http://127.0.0.1:${port} (process `);
  expect(first.code).toBe(0);
  expect(await systemd.run(["systemd-analyze", "--user", "verify", unit])).toEqual({ code: 0, output: "" });
  expect(readFileSync(unit, "utf8")).toContain(`ExecStart="${program}" "serve"`);
  const running = await status();
  expect(running).toMatchObject({ code: 0, installed: true, running: true, answers: true, version: manifest.version });
  // It has told systemd itself that it is ready.
  expect(await show(systemd, "Type,StatusText,SubState")).toEqual(
    ["Type=notify", `StatusText=Listening on http://127.0.0.1:${port}`, "SubState=running"].sort(),
  );
  expect(readFileSync(`/proc/${await outerPid(port)}/status`, "utf8")).toMatch(/^NoNewPrivs:\t1$/m);
  // All but its home and what is temporary is read-only to it, and its /tmp is another.
  const mounts = readFileSync(`/proc/${await outerPid(port)}/mountinfo`, "utf8")
    .split("\n")
    .map((line) => line.split(" "));
  const rights = Object.fromEntries(mounts.map(([, , , , path = "", options = ""]) => [path, options.slice(0, 2)]));
  expect(rights).toMatchObject({ "/": "ro", [home]: "rw", "/tmp": "rw", "/var/tmp": "rw" });
  // The journal takes a moment.
  await eventually(async () => (await sluice("logs", "-n", "50")).output.includes("9.9.9 is untested"));

  expect(await install()).toEqual(first);
  expect((await status()).pid).toBe(running.pid);
  expect(await systemd.run(["systemctl", "--user", "reload", "sluice.service"])).toMatchObject({ code: 0 });

  await systemd.run(["systemctl", "--user", "kill", "--signal=KILL", "sluice.service"]);
  const again = await eventually(async () => {
    const now = await status();
    return now.answers && now.pid !== running.pid && now;
  });
  expect(again).toMatchObject({ running: true, version: manifest.version });

  expect((await sluice("stop")).code).toBe(0);
  expect(await status()).toMatchObject({
    code: exitCodes.service_failed,
    installed: true,
    running: false,
    exit_code: 0,
  });
  expect((await sluice("start")).code).toBe(0);
  expect((await sluice("restart")).code).toBe(0);

  scriptedClaude(home, { ...sound, auth: `echo '{"loggedIn":false}'` });
  const refused = await sluice("restart");
  expect([refused.code, refused.output]).toEqual([
    exitCodes.service_failed,
    "sluice: The service does not answer: Claude Code is not logged in: run `claude auth login`, and it starts within 10 seconds.\n",
  ]);

  expect((await sluice("uninstall")).output).toBe(`Removed: ${unit}\n`);
  const left = (await systemd.run(["find", ".config", ".local", "-not", "-type", "d"])).output.trim().split("\n");
  expect(left).toEqual([".config/systemd/user/sluice.service.d/quick.conf"]);
  expect((await systemd.run(["systemctl", "--user", "list-units", "--all", "--no-legend", "sluice*"])).output).toBe("");
  expect(await sluice("uninstall")).toEqual({ code: 0, output: "There was no service.\n" });
});

interface Status {
  running: boolean;
  answers: boolean;
  pid: number;
}

async function show(systemd: UserSystemd, properties: string): Promise<string[]> {
  const { output } = await systemd.run(["systemctl", "--user", "show", "sluice.service", `--property=${properties}`]);
  return output.trim().split("\n").sort();
}

/** The process that listens on a port, as it is numbered out here. */
async function outerPid(port: number): Promise<number> {
  const { stdout } = Bun.spawnSync(["pgrep", "-f", "--", `--port ${port}`]);
  return Number(stdout.toString().split("\n")[0]);
}

/** One that was free a moment ago. */
function freePort(): number {
  using server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}
