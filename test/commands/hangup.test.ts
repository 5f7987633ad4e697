import { describe, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { type RunningCommand, scriptedClaude, startCommand } from "../support/command.ts";
import { cleanEnvironment, descendants, eventually, isRunning, temporaryFolder } from "../support/environment.ts";
import { secrets } from "../support/secrets.ts";

const script = {
  version: `echo "${testedVersion} (Claude Code)"`,
  auth: `echo '{"loggedIn":true,"authMethod":"api_key"}'`,
};

/** A Sluice whose config file the test writes; `reload` writes it anew, and gives what the log says of that. */
async function serve(config: string, args: string[] = []) {
  const command = await startCommand(["serve"], {
    prepare: (home) => {
      writeFileSync(join(home, "c.yaml"), config, { mode: 0o600 });
      return ["--config", join(home, "c.yaml"), "--port", "0", "--claude", scriptedClaude(home, script), ...args];
    },
  });
  const [, url = ""] = await command.until(/listening on (http:\/\/\S+)/);
  await command.until(/OPENAI_API_KEY/);
  const reload = async (next: string | undefined): Promise<Record<string, unknown>> => {
    const file = join(command.home, "c.yaml");
    if (next === undefined) rmSync(file);
    else writeFileSync(file, next, { mode: 0o600 });
    const before = told(command).length;
    command.kill("SIGHUP");
    return await eventually(() => told(command)[before]);
  };
  return { command, url, reload, [Symbol.asyncDispose]: () => command[Symbol.asyncDispose]() };
}

/** What the log says of configurations that were read again. */
function told(command: RunningCommand): Record<string, unknown>[] {
  const lines = command
    .stderr()
    .split("\n")
    .filter((line) => line.includes("read again"));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

const status = async (url: string, path: string, headers: Record<string, string> = {}) =>
  (await fetch(url + path, { headers })).status;

describe("SIGHUP", () => {
  test("who may enter, what is logged, and what may be sent follow the config file", async () => {
    await using sluice = await serve("max-body: 1mb\n");
    const { url } = sluice;
    const page = { origin: "https://page.example" };
    const name = { host: "tunnel.example" };
    expect([await status(url, "/x"), await status(url, "/x", page), await status(url, "/x", name)]).toEqual([
      404, 403, 403,
    ]);

    const next = [
      `client-key: ${secrets.clientKey}`,
      "allow-origin: https://page.example",
      "allow-host: tunnel.example",
      "max-body: 10b",
      "log-level: debug",
      "log-bodies: true",
    ];
    expect(await sluice.reload(next.join("\n"))).toMatchObject({
      level: "info",
      msg: "The configuration was read again",
      changed: "client-key,max-body,log-level,log-bodies,allow-host,allow-origin",
      only_after_restart: "",
    });
    expect(sluice.command.stderr()).toContain("Prompts and answers are written to this log");
    const key = { "x-api-key": secrets.clientKey };
    expect([await status(url, "/x"), await status(url, "/x", key)]).toEqual([401, 404]);
    expect([await status(url, "/x", { ...key, ...page }), await status(url, "/x", { ...key, ...name })]).toEqual([
      404, 404,
    ]);
    const body = { method: "POST", body: '{"too":"large"}', headers: { ...key, "content-type": "application/json" } };
    expect((await fetch(`${url}/v1/messages`, body)).status).toBe(413);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ ok: true });

    // A new key counts at once, and the old one no more.
    await sluice.reload("client-key: another-key-of-mine");
    expect([await status(url, "/x", key), await status(url, "/x", { "x-api-key": "another-key-of-mine" })]).toEqual([
      401, 404,
    ]);
    await sluice.reload("");
    expect([await status(url, "/x"), await status(url, "/x", page)]).toEqual([404, 403]);
  });

  test("what can't change while it runs is told in the same line", async () => {
    await using sluice = await serve("spares: 1\nqueue: 3\n");
    expect(await sluice.reload("host: 127.0.0.2\nspares: 2\nqueue: 4\nresponse-ttl: 1d\n")).toMatchObject({
      changed: "queue",
      only_after_restart: "host,spares,response-ttl",
    });
    expect(await status(sluice.url, "/health")).toBe(200);
  });

  test("a flag still wins over the file", async () => {
    await using sluice = await serve("", ["--queue", "7"]);
    expect(await sluice.reload("queue: 4\nqueue-timeout: 7s\n")).toMatchObject({ changed: "queue-timeout" });
  });

  test("a file that is wrong, gone, or a newer Sluice's is refused with a sentence, and all stays as it is", async () => {
    await using sluice = await serve(`client-key: ${secrets.clientKey}\n`);
    for (const [next, reason] of [
      ["queue: many", "c.yaml: queue must be a whole number"],
      ["queue: [", "is not valid YAML"],
      ["teleport: true", 'Unknown key "teleport"'],
      [undefined, "does not exist"],
    ] as const) {
      expect(await sluice.reload(next)).toMatchObject({ level: "error", reason: expect.stringContaining(reason) });
      expect(await status(sluice.url, "/x")).toBe(401);
      expect(await status(sluice.url, "/x", { "x-api-key": secrets.clientKey })).toBe(404);
    }
  });

  test("the key can't be taken away from an address that it guards, also where another is asked for", async () => {
    const config = `host: 0.0.0.0\nclient-key: ${secrets.clientKey}\n`;
    await using sluice = await serve(config);
    for (const next of ["host: 127.0.0.1\n", "host: 0.0.0.0\n", ""]) {
      expect(await sluice.reload(next)).toMatchObject({
        level: "error",
        reason: expect.stringContaining("Listening on 0.0.0.0"),
      });
      expect(await status(sluice.url, "/x")).toBe(401);
    }
    expect(await sluice.reload(`${config}queue: 9\n`)).toMatchObject({ changed: "queue" });
  });
});

test("a terminal that is closed still ends it, and SIGHUP alone does not", async () => {
  await using folder = await temporaryFolder();
  const main = resolve(import.meta.dir, "../../src/main.ts");
  const claude = scriptedClaude(folder.path, script);
  let output = "";
  const child = Bun.spawn([process.execPath, main, "--port", "0", "--claude", claude], {
    env: cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9", path: "/usr/bin:/bin" }),
    terminal: { data: (_, bytes) => void (output += new TextDecoder().decode(bytes)) },
  });
  await eventually(() => output.includes("OPENAI_API_KEY"));
  child.kill("SIGHUP");
  await eventually(() => output.includes("The configuration was read again"));
  expect(child.exitCode).toBeNull();
  child.terminal?.close();
  await child.exited;
  expect(child.signalCode).toBe("SIGHUP");
});

test("a shell that is killed takes it along, although the terminal is still there", async () => {
  await using folder = await temporaryFolder();
  const main = resolve(import.meta.dir, "../../src/main.ts");
  const claude = scriptedClaude(folder.path, script);
  let output = "";
  const shell = Bun.spawn(["/bin/sh", "-c", `${process.execPath} ${main} --port 0 --claude ${claude}; :`], {
    env: cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9", path: "/usr/bin:/bin" }),
    terminal: { data: (_, bytes) => void (output += new TextDecoder().decode(bytes)) },
  });
  await eventually(() => output.includes("OPENAI_API_KEY"));
  const [sluice] = descendants(shell.pid);
  // As the kernel does it: first the signal, then the other parent.
  if (sluice !== undefined) process.kill(sluice.pid, "SIGHUP");
  await Bun.sleep(50);
  shell.kill("SIGKILL");
  try {
    await eventually(() => !isRunning(sluice?.pid ?? 0));
    expect(output).not.toContain("read again");
  } finally {
    if (sluice !== undefined && isRunning(sluice.pid)) process.kill(sluice.pid, "SIGKILL");
  }
});
