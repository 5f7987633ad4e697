/** What the log says of requests, and what it never says. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { cleanEnvironment, eventually, type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { answer, exit, fakeClaude, hang, opening, raw, stderr } from "../support/fake-claude.ts";
import { text } from "../support/mock-replies.ts";
import { expectNoSecrets, secrets } from "../support/secrets.ts";
import { startSluice } from "../support/sluice.ts";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

/** Stands in every part of a request that is the user's text, and in the answer. */
const words = "THE-WORDS-OF-THE-PROMPT";
const user = { role: "user", content: `${words} first` };
const request = {
  model: "sonnet",
  max_tokens: 50,
  system: `${words} system`,
  messages: [user, { role: "assistant", content: `${words} assistant` }, user],
};
const lines = (logged: readonly string[]) => logged.map((line) => JSON.parse(line) as Record<string, unknown>);

describe("without --log-bodies", () => {
  test("one line a request, with its id, and not a word of the prompt or the answer", async () => {
    const claude = await fakeClaude({ turns: [answer(text(`${words} answer`))] }, folder.path);
    await using sluice = await startSluice({ claude });
    const replies = [
      await sluice.post("/v1/messages", request),
      await sluice.post("/v1/messages", { ...request, stream: true }),
      await sluice.post("/v1/chat/completions", { model: "sonnet", messages: [user] }),
      await sluice.post("/v1/responses", { model: "sonnet", input: words, instructions: words, store: true }),
      await sluice.post("/v1/messages/count_tokens", request),
      // Refused: of a wrong type, no JSON, no such model, no such role.
      await sluice.post("/v1/messages", { ...request, messages: [{ role: "user", content: { [words]: 1 } }] }),
      await sluice.post("/v1/messages", { ...request, messages: [{ role: "user", content: [{ type: words }] }] }),
      await sluice.post("/v1/messages", `{"model":"sonnet","messages":${words}}`),
      await sluice.post("/v1/messages", `{"model":"sonnet","messages":["${words}`),
      await sluice.post("/v1/messages", { ...request, messages: [{ role: words, content: words }] }),
    ];
    for (const reply of replies) await reply.text();
    const logged = () => lines(sluice.logged).filter(({ msg }) => String(msg).startsWith("POST /v1/"));
    await eventually(() => logged().length === replies.length);
    const ids = replies.map((reply) => reply.headers.get("request-id"));
    expect(logged().map(({ request_id }) => request_id)).toEqual(ids);
    expect(logged().map(({ status }) => status)).toEqual(replies.map(({ status }) => status));
    expect(logged()[0]).toMatchObject({ level: "info", status: 200, ms: expect.any(Number), way: "replay" });
    expect(sluice.logged.join("")).not.toContain(words);
  });

  test("nor of what a CLI says that repeats it: as noise, and when it dies", async () => {
    const broken = [...opening, raw(`Error: can't read ${words}\n`), stderr(`Error parsing: ${words}\n`), exit(1)];
    const claude = await fakeClaude({ turns: [broken] }, folder.path);
    await using sluice = await startSluice({ claude });
    const reply = await sluice.post("/v1/messages", request);
    expect([reply.status, await reply.text()]).toEqual([502, expect.stringContaining(`Error parsing: ${words}`)]);
    const all = sluice.logged.join("");
    expect(all).toContain("Claude Code printed a line that is no JSON");
    expect(all).toContain("Claude Code ended with exit code 1 in the middle of a turn: …");
    expect(all).not.toContain(words);
  });
});

test("with --log-bodies they are there, whole; what holds an answer back holds it back still", async () => {
  const long = `${words} ${"x".repeat(50_000)} end`;
  const claude = await fakeClaude({ turns: [answer(text(long))] }, folder.path);
  await using sluice = await startSluice({ claude, args: ["--log-bodies"] });
  for (const stream of [false, true]) {
    const reply = await sluice.post("/v1/messages", { ...request, system: long, stream });
    const body = await reply.text();
    const id = reply.headers.get("request-id");
    const told = () => lines(sluice.logged).filter(({ request_id }) => request_id === id);
    await eventually(() => told().length === 3);
    expect(told().find(({ msg }) => msg === "Request body")?.["body"]).toEqual({ ...request, system: long, stream });
    expect(told().find(({ msg }) => msg === "Answer body")?.["body"]).toBe(body);
  }
  const refused = await sluice.post("/v1/messages", { ...request, model: `no-${secrets.deployToken}` });
  expect(refused.status).toBe(404);
  expect(sluice.logged.join("")).toContain('"no-[redacted]"');
});

test("a client that leaves is noticed, also where bodies are logged", async () => {
  const claude = await fakeClaude({ turns: [[...answer(text("begun")).slice(0, 6), hang]] }, folder.path);
  await using sluice = await startSluice({ claude, args: ["--log-bodies", "--spares", "0"] });
  const gone = new AbortController();
  const reply = await sluice.post("/v1/messages", { ...request, stream: true }, { signal: gone.signal });
  await reply.body?.getReader().read();
  gone.abort();
  await eventually(() => sluice.logged.some((line) => line.includes('"error":"canceled"')));
  await eventually(() => sluice.processes().length === 0);
});

test("a secret that the CLI repeats when it dies is told neither to the log nor to the client", async () => {
  const dump = `Error: refused\n  env: { ANTHROPIC_API_KEY: '${secrets.apiKey}', DEPLOY_TOKEN: "${secrets.deployToken}" }\n`;
  const claude = await fakeClaude({ turns: [[...opening, stderr(dump), exit(1)]] }, folder.path);
  await using sluice = await startSluice({ claude, args: ["--log-bodies"] });
  for (const [path, stream] of [
    ["/v1/messages", false],
    ["/v1/chat/completions", true],
  ] as const) {
    const reply = await sluice.post(path, { model: "sonnet", max_tokens: 9, stream, messages: [user] });
    const body = await reply.text();
    expect([reply.status, body]).toEqual([502, expect.stringContaining("ANTHROPIC_API_KEY: '[redacted]'")]);
    expectNoSecrets(body);
  }
  expect(sluice.logged.join("")).toContain("[redacted]");
});

describe("the format", () => {
  const main = resolve(import.meta.dir, "../../src/main.ts");

  /** What `sluice serve` prints on a terminal until it has answered a request with a hostile path. */
  async function printed(args: string[], terminal: boolean): Promise<string> {
    const claude = await fakeClaude({}, folder.path);
    const command = [process.execPath, main, "--port", "0", "--claude", claude, "--spares", "0", ...args];
    const env = cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9" });
    const decoder = new TextDecoder();
    let output = "";
    const take = (bytes: Uint8Array) => (output += decoder.decode(bytes, { stream: true }));
    const child = terminal
      ? Bun.spawn(command, { env, terminal: { cols: 400, rows: 50, data: (_, bytes) => void take(bytes) } })
      : Bun.spawn(command, { env, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
    for (const stream of terminal ? [] : [child.stdout, child.stderr]) {
      void (async () => {
        for await (const bytes of stream as ReadableStream<Uint8Array>) take(bytes);
      })();
    }
    try {
      const [, url = ""] = await eventually(() => /listening on (http:[\w:/.]+)/.exec(output));
      const body = { model: "\u001b[31mred\u0007\u009b2J\u202e\nforged", max_tokens: 1, messages: [user] };
      await fetch(`${url}/v1/messages`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      await eventually(() => output.includes("forged"));
      return output.split(/\r?\n/).find((line) => line.includes("forged")) ?? "";
    } finally {
      child.kill("SIGTERM");
      await child.exited;
    }
  }

  const json = /^\{"time":".*"msg":"POST \/v1\/messages".*\\u001b\[31mred.*\}$/;
  const pretty = /^\d\d:\d\d:\d\d info  POST \/v1\/messages request_id=\w+ status=404 .*\\u001b\[31mred/;

  test.each<[string, string[], boolean, RegExp]>([
    ["JSON where no terminal is", [], false, json],
    ["pretty on a terminal", [], true, pretty],
    ["--log-format json on a terminal", ["--log-format", "json"], true, json],
    ["--log-format pretty where no terminal is", ["--log-format", "pretty"], false, pretty],
  ])("%s: whatever a client sends, it stays one line without escapes", async (_, args, terminal, expected) => {
    const line = await printed(args, terminal);
    expect(Bun.stripANSI(line)).toMatch(expected);
    const own = ["\x1b[90m", "\x1b[32m", "\x1b[0m"];
    expect(own.reduce((text, colour) => text.replaceAll(colour, ""), line)).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
