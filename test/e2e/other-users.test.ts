/** What another user of the machine, or a neighbour on the network, can see and reach of the executable. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildBinary, type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { answer, fakeClaude, journal } from "../support/fake-claude.ts";
import { text } from "../support/mock-replies.ts";
import { expectNoSecrets, secrets } from "../support/secrets.ts";

const env = { SLUICE_CLIENT_KEY: secrets.clientKey };
const upstream = { url: "http://127.0.0.1:9" };
let folder: TemporaryFolder;
let claude: string;
let sluice: RunningBinary;
beforeAll(async () => {
  await buildBinary();
  folder = await temporaryFolder();
  claude = await fakeClaude({ turns: [answer(text("for the user"))] }, folder.path);
  sluice = await startBinary(folder.path, upstream, { claude, env });
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const question = { model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] };
const withKey = { headers: { "content-type": "application/json", authorization: `Bearer ${secrets.clientKey}` } };
const ask = () => sluice.post("/v1/messages", question, withKey);

/** The addresses that a port listens on, as the kernel has them. */
function listening(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const lines = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").split("\n"));
  const sockets = lines.map((line) => line.trim().split(/\s+/)).filter(([, , , state]) => state === "0A");
  return sockets.flatMap(([, local = ""]) => (local.endsWith(`:${hex}`) ? [local.split(":")[0] ?? ""] : []));
}

test("it listens on loopback, and nowhere else", () => {
  expect(listening(sluice.port)).toEqual(["0100007F"]);
});

test("nothing is answered without the client key, but that it lives", async () => {
  for (const path of [
    "/v1/models",
    "/v1/models/sonnet",
    "/v1/responses/resp_1",
    "/v1/responses/resp_1/input_items",
    "/live",
    "/snippets",
    "/metrics",
    "/health?deep=1",
    "/x",
  ]) {
    for (const headers of [
      {},
      { "x-api-key": "wrong" },
      { authorization: `Bearer ${secrets.clientKey.slice(0, -1)}` },
    ]) {
      expect((await fetch(sluice.url + path, { headers })).status).toBe(401);
    }
  }
  for (const path of [
    "/v1/messages",
    "/v1/messages/count_tokens",
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/responses/compact",
  ]) {
    expect((await sluice.post(path, question)).status).toBe(401);
  }
  expect((await fetch(`${sluice.url}/v1/responses/resp_1`, { method: "DELETE" })).status).toBe(401);

  const health = async (headers: Record<string, string>) => (await fetch(`${sluice.url}/health`, { headers })).json();
  expect(await health({})).toEqual({ ok: true });
  expect(await health({ "x-api-key": "wrong" })).toEqual({ ok: true });
  expect(await health({ "x-api-key": secrets.clientKey })).toMatchObject({ ok: true, detail: { rate_limits: null } });
  expect((await ask()).status).toBe(200);
});

test("no argument of a process holds a secret, and no child gets what is not its business", async () => {
  await ask();
  const [spare] = await eventually(() => (sluice.children().length > 0 ? sluice.children() : undefined));
  const commands = [sluice.pid, spare?.pid].map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8"));
  expect(commands[0]).toContain("sluice");
  expectNoSecrets(...commands);
  const starts = (await journal(claude)).flatMap((entry) => (entry.event === "start" ? [entry] : []));
  expect(starts.length).toBeGreaterThan(0);
  for (const { argv, env } of starts) {
    expectNoSecrets(...argv);
    expect(env["ANTHROPIC_API_KEY"]).toBe(secrets.apiKey);
    expectNoSecrets(JSON.stringify({ ...env, ANTHROPIC_API_KEY: "" }));
  }
});

test("what it writes nobody else can read", async () => {
  const request = { model: "sonnet", input: "Hello", store: true };
  expect((await sluice.post("/v1/responses", request, withKey)).status).toBe(200);
  const state = join(folder.path, ".local/state/sluice");
  const [own] = readdirSync(join(folder.path, "tmp")).filter((name) => name.startsWith("sluice-"));
  const below = (path: string): string[] =>
    readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
  const written = [state, ...below(state), join(folder.path, "tmp", own ?? "missing")];
  expect(written).toContain(join(state, "sluice.db"));
  expect(written.filter((path) => (lstatSync(path).mode & 0o077) !== 0)).toEqual([]);
});

test("a key in a flag is warned about", async () => {
  await using other = await startBinary(folder.path, upstream, { claude, args: ["--client-key", "not-a-secret-now"] });
  await eventually(() => other.output().includes("--client-key can be read by every user of this machine"));
});

test("a folder that it is started in has no say: no .env, no bunfig, no settings of Claude Code's", async () => {
  await using hostile = await temporaryFolder();
  const files = {
    ".env": "ANTHROPIC_BASE_URL=http://evil.example\nSLUICE_HOST=0.0.0.0\nSLUICE_CLAUDE=/evil\n",
    "bunfig.toml": 'preload = ["./evil.ts"]\n',
    "evil.ts": 'console.log("EVIL");\n',
    "config.yaml": "claude: /evil\n",
    "package.json": '{"name":"evil"}',
    "tsconfig.json": "{",
    claude: "#!/bin/sh\necho EVIL\n",
  };
  for (const [name, content] of Object.entries(files)) await Bun.write(join(hostile.path, name), content);
  await using other = await startBinary(hostile.path, upstream, { claude });
  expect((await other.post("/v1/messages", question)).status).toBe(200);
  expect(other.output()).not.toContain("EVIL");
  expect(listening(other.port)).toEqual(["0100007F"]);
  const start = (await journal(claude)).findLast((entry) => entry.event === "start" && entry.argv[0] === "-p");
  expect(start).toMatchObject({ env: { ANTHROPIC_BASE_URL: upstream.url }, cwd: expect.stringMatching(/\/empty$/) });
});

test.each(["SIGSEGV", "SIGABRT", "SIGILL"] as const)("a crash (%s) tells no secret", async (signal) => {
  const other = await startBinary(folder.path, upstream, { claude, env });
  expect((await other.post("/v1/messages", question, withKey)).status).toBe(200);
  other.kill(signal);
  expect(await other.exited).not.toBe(0);
  // Looks through all that was printed, once everything is gone.
  await other.stop();
});
