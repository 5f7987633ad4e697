/**
 * `bun run test:windows`: the program for Windows drives the real Claude Code for Windows, both under Wine, before a mock
 * upstream.
 */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { testedVersion } from "../../src/engine/claude/locate.ts";
import { type RunningBinary, startBinary } from "../support/binary.ts";
import { cleanEnvironment, eventually } from "../support/environment.ts";
import { type Mock, startMock, text, toolUse } from "../support/mock-anthropic.ts";
import { openWindows, type Windows } from "./wine.ts";

let windows: Windows;
let mock: Mock;
beforeAll(async () => {
  windows = await openWindows();
  mock = await startMock();
}, 900_000);
afterAll(async () => {
  await mock.stop();
  await windows[Symbol.asyncDispose]();
}, 60_000);

const model = "sonnet";
const hello = { model, max_tokens: 100, messages: [{ role: "user" as const, content: "Hello" }] };

/** Windows says itself where a person's files are, and that is told to nobody else. */
const environment = () => {
  const unset = ["HOME", "CLAUDE_CONFIG_DIR", "TMPDIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME"];
  return { ...Object.fromEntries(unset.map((name) => [name, undefined])), WINEPATH: windows.npm };
};

/** A Sluice in that Windows, which finds Claude Code as npm has left it, and is ended by Ctrl-C. */
async function startSluice(args: string[] = []): Promise<RunningBinary> {
  const { through, sluice, drive } = windows;
  const command = [sluice, "serve"];
  const running = await startBinary(drive, mock, { through, command, claude: "claude", env: environment(), args });
  const end = async () => {
    running.kill("SIGINT");
    await running.exited;
    await eventually(() => {
      const left = running.processes();
      // Wine leaves behind consoles of programs that were ended; Windows does not.
      Bun.spawnSync([
        "kill",
        ...left.filter(({ command }) => command.includes("conhost.exe")).map(({ pid }) => `${pid}`),
      ]);
      return left.length === 0;
    });
  };
  return { ...running, [Symbol.asyncDispose]: end };
}

/** What a command of Sluice's prints there. */
async function say(...args: string[]): Promise<string> {
  const env = { ...cleanEnvironment({ home: windows.drive, baseUrl: mock.url }), ...environment() };
  const child = Bun.spawn([...windows.through, windows.sluice, ...args], { env, stdin: "ignore", stderr: "pipe" });
  const [said, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`sluice ${args.join(" ")}: ${said}${complaint}`);
  return said;
}

const processesOfClaude = (sluice: RunningBinary) =>
  sluice.processes().filter(({ command }) => command.includes("claude.exe"));

/** Sluice's own folders among the temporary ones. */
const folders = () =>
  readdirSync(join(windows.drive, "users/root/AppData/Local/Temp")).filter((name) => /^sluice-\w{6}$/.test(name));

describe("the real Claude Code for Windows", () => {
  let sluice: RunningBinary;
  let anthropic: Anthropic;
  let openai: OpenAI;
  beforeAll(async () => {
    sluice = await startSluice();
    const common = { apiKey: "any", maxRetries: 0 };
    anthropic = new Anthropic({ ...common, baseURL: sluice.url });
    openai = new OpenAI({ ...common, baseURL: `${sluice.url}/v1` });
  }, 60_000);
  afterAll(() => sluice[Symbol.asyncDispose](), 60_000);

  test("is found by npm's script on PATH, and is the program behind it that runs", () => {
    expect(sluice.output()).toContain(`Claude Code ${testedVersion} (${windows.npm}\\node_modules\\`);
    expect(sluice.output()).toContain(`$env:ANTHROPIC_BASE_URL = '${sluice.url}'`);
    expect(sluice.output()).not.toContain('"level":"warn"');
  });

  test("answers by a spare, and goes on with the conversation in the same process", async () => {
    mock.respond(() => text("Good day."));
    const first = await anthropic.messages.stream(hello).withResponse();
    expect((await first.data.finalMessage()).content).toMatchObject([{ text: "Good day." }]);
    expect(first.response.headers.get("x-sluice-way")).toBe("spare");
    const messages = [...hello.messages, { role: "assistant" as const, content: "Good day." }, ...hello.messages];
    const next = await anthropic.messages.create({ ...hello, messages }).withResponse();
    expect(next.response.headers.get("x-sluice-way")).toBe("live");
  });

  test("calls the client's tools", async () => {
    mock.respond((_, __, n) =>
      n % 2 === 1 ? toolUse([{ name: "look", input: { where: "there" }, id: "toolu_1" }]) : text("I see."),
    );
    const tools: Anthropic.Tool[] = [{ name: "look", description: "Looks.", input_schema: { type: "object" } }];
    const ask: Anthropic.MessageCreateParamsNonStreaming = { ...hello, tools };
    const call = await anthropic.messages.create(ask);
    expect(call.content).toMatchObject([{ type: "tool_use", name: "look", input: { where: "there" } }]);
    const result = { type: "tool_result" as const, tool_use_id: "toolu_1", content: "A window." };
    const messages: Anthropic.MessageParam[] = [
      ...hello.messages,
      { role: "assistant", content: call.content },
      { role: "user", content: [result] },
    ];
    const { data, response } = await anthropic.messages.create({ ...ask, messages }).withResponse();
    expect(data.content).toMatchObject([{ text: "I see." }]);
    expect(response.headers.get("x-sluice-way")).toBe("parked");
  });

  test("answers both APIs of OpenAI; what is stored can be continued", async () => {
    mock.respond(() => text("Hello."));
    const stream = openai.chat.completions.stream({ model, messages: [{ role: "user", content: "Hello" }] });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe("Hello.");
    const first = await openai.responses.create({ model, input: "Hello" });
    const next = await openai.responses.create({ model, input: "And?", previous_response_id: first.id });
    expect(next.output_text).toBe("Hello.");
    expect(JSON.stringify(mock.requests.at(-1)?.body.messages)).toContain("Hello.");
  });

  test("is asked what a request would cost", async () => {
    const { data, response } = await anthropic.messages.countTokens({ model, messages: hello.messages }).withResponse();
    expect(data.input_tokens).toBeGreaterThan(0);
    expect(response.headers.get("x-sluice-way")).toBe("counted");
  });

  test("is ended when its client leaves", async () => {
    mock.respond(() => text("word ".repeat(500), { chunks: 500, delayMs: 100 }));
    const stream = anthropic.messages.stream({ ...hello, system: "Speak slowly." });
    const started = Promise.withResolvers<void>();
    stream.on("text", () => started.resolve());
    await started.promise;
    const asked = mock.requests.at(-1);
    stream.abort();
    await stream.finalMessage().catch(() => {});
    await eventually(() => asked?.aborted);
  });

  test("is looked at by `sluice doctor`; the other commands find what is theirs", async () => {
    const health = (await (await fetch(`${sluice.url}/health?deep=1`)).json()) as { ok: boolean };
    expect(health).toMatchObject({ ok: true });
    const usage = JSON.parse(await say("usage", "--json", "--port", String(sluice.port))) as object;
    expect(JSON.stringify(usage)).toContain('"requests"');
    expect(existsSync(join(windows.drive, "users/root/AppData/Local/sluice/sluice.db"))).toBe(true);
    await say("connect", "zed", "--write");
    expect(existsSync(join(windows.drive, "users/root/AppData/Roaming/Zed/settings.json"))).toBe(true);
    const findings = await say("doctor", "--port", String(sluice.port));
    expect(findings).toContain("is yours alone, and its database can be read.");
    expect(findings).not.toContain("problem");
  });
});

test("Ctrl-C ends Sluice and what it has started, and nothing is left but what is kept", async () => {
  const before = folders();
  mock.respond(() => text("Good day."));
  await using sluice = await startSluice();
  const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 0 });
  await anthropic.messages.create(hello);
  expect(folders()).toHaveLength(before.length + 1);
  expect(processesOfClaude(sluice).length).toBeGreaterThan(0);
  sluice.kill("SIGINT");
  expect(await sluice.exited).toBe(0);
  await eventually(() => processesOfClaude(sluice).length === 0);
  expect(folders()).toEqual(before);
});

test("all that Sluice has started ends with it when it is killed; the next start tidies up", async () => {
  const before = folders();
  await using killed = await startSluice();
  await eventually(() => processesOfClaude(killed).length > 1);
  const [program] = killed.processes().filter(({ command }) => command.includes("sluice.exe"));
  process.kill(program?.pid ?? killed.pid, "SIGKILL");
  await eventually(() => processesOfClaude(killed).length === 0);
  const left = folders().filter((name) => !before.includes(name));
  expect(left).toHaveLength(1);
  await using sluice = await startSluice();
  await eventually(() => !folders().includes(left[0] ?? ""));
  sluice.kill("SIGINT");
  expect(await sluice.exited).toBe(0);
});

test("an agent answers, with Claude Code's own tools", async () => {
  mock.respond(() => text("At your service."));
  await using sluice = await startSluice(["--agent"]);
  const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 0 });
  const { content } = await anthropic.messages.create({ ...hello, model: "agent/sonnet" });
  expect(content).toMatchObject([{ text: "At your service." }]);
  expect(mock.requests.at(-1)?.body.tools?.map(({ name }) => name)).toContain("Read");
});

test("native mode passes on what the upstream says", async () => {
  mock.respond(() => text("From afar."));
  await using sluice = await startSluice(["--mode", "native"]);
  const anthropic = new Anthropic({ baseURL: sluice.url, apiKey: "any", maxRetries: 0 });
  const { data, response } = await anthropic.messages.create(hello).withResponse();
  expect(data.content).toMatchObject([{ text: "From afar." }]);
  expect(response.headers.get("x-sluice-way")).toBe("native");
  sluice.kill("SIGINT");
  expect(await sluice.exited).toBe(0);
});
