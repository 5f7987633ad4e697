import { describe, expect, test } from "bun:test";
import { formatLine, readLines } from "../../src/wire/ndjson.ts";
import { cleanEnvironment, eventually, processesWith, temporaryFolder } from "./environment.ts";
import {
  answer,
  apiError,
  apiRetry,
  endless,
  exit,
  fakeClaude,
  grandchild,
  hang,
  journal,
  type Line,
  longLine,
  opening,
  rateLimit,
  raw,
  type Script,
  stderr,
  type Step,
  until,
  wait,
} from "./fake-claude.ts";
import { flat } from "./flat.ts";
import { text, thinking } from "./mock-replies.ts";

interface Running extends AsyncDisposable {
  path: string;
  pid: number;
  marker: string;
  /** Every line so far. */
  lines: Line[];
  noise: string[];
  send(value: unknown): void;
  sendText(text: string): void;
  ask(words: string, fields?: Record<string, unknown>): void;
  control(subtype: string, fields?: Record<string, unknown>): void;
  /** The first line that the check likes. */
  line(check: (line: Line) => boolean): Promise<Line>;
  kill(signal: NodeJS.Signals): void;
  /** The exit code, once stdout has ended too. */
  ended(): Promise<number>;
  endInput(): void;
  stderr(): Promise<string>;
}

/** Starts a fake; everything of it is gone with the scope. */
async function start(script: Script | [Script, ...Script[]], given?: string): Promise<Running> {
  const folder = await temporaryFolder();
  const path = given ?? (await fakeClaude(script, folder.path));
  const marker = crypto.randomUUID();
  const fake = Bun.spawn([path, "-p", "--input-format", "stream-json"], {
    cwd: folder.path,
    env: cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9", marker }),
    stdin: "pipe",
    stderr: "pipe",
  });
  const lines: Line[] = [];
  const noise: string[] = [];
  const reading = (async () => {
    const onNoise = (words: string): void => void noise.push(words);
    for await (const value of flat(readLines(fake.stdout, { maxLine: 10_000_000, onNoise }))) lines.push(value as Line);
  })();
  const sendText = (words: string): void => {
    fake.stdin.write(words);
    fake.stdin.flush();
  };
  const send = (value: unknown): void => sendText(formatLine(value));
  return {
    path,
    pid: fake.pid,
    marker,
    lines,
    noise,
    send,
    sendText,
    ask: (content, fields) => send({ type: "user", message: { role: "user", content }, ...fields }),
    control: (subtype, fields) =>
      send({ type: "control_request", request_id: subtype, request: { subtype, ...fields } }),
    line: (check) => eventually(() => lines.find(check)),
    kill: (signal) => fake.kill(signal),
    ended: async () => {
      await reading;
      return fake.exited;
    },
    endInput: () => void fake.stdin.end(),
    stderr: () => new Response(fake.stderr).text(),
    [Symbol.asyncDispose]: async () => {
      for (const { pid } of processesWith(marker)) process.kill(pid, "SIGKILL");
      await fake.exited;
      await folder[Symbol.asyncDispose]();
    },
  };
}

const isResult = (line: Line): boolean => line.type === "result";
const isResponse = (line: Line): boolean => line.type === "control_response";
const eventTypes = (lines: Line[]): unknown[] =>
  lines.flatMap((line) => (line.type === "stream_event" ? [(line["event"] as { type: string }).type] : []));

describe("a fake that has no script", () => {
  test("tells its version and its login", async () => {
    await using folder = await temporaryFolder();
    const run = (path: string, ...args: string[]) => {
      const { stdout, exitCode } = Bun.spawnSync([path, ...args]);
      return { stdout: stdout.toString(), exitCode };
    };
    const path = await fakeClaude({}, folder.path);
    expect(run(path, "--version")).toEqual({ stdout: "2.1.329 (Claude Code)\n", exitCode: 0 });
    const login = run(path, "auth", "status");
    expect(JSON.parse(login.stdout)).toMatchObject({ loggedIn: true });
    expect(login.exitCode).toBe(0);

    const other = await fakeClaude({ version: "9.0.0", loggedIn: false }, folder.path);
    expect(run(other, "--version").stdout).toBe("9.0.0 (Claude Code)\n");
    const logout = run(other, "auth", "status");
    expect(JSON.parse(logout.stdout)).toMatchObject({ loggedIn: false, authMethod: "none" });
    expect(logout.exitCode).toBe(1);
  });

  test("answers control requests, set_model behind the others", async () => {
    await using fake = await start({});
    fake.control("initialize");
    fake.control("set_model", { model: "sonnet", system_prompt: "s" });
    fake.control("apply_flag_settings", { settings: {} });
    fake.control("set_max_thinking_tokens", { max_thinking_tokens: 1 });
    fake.control("mcp_set_servers", { servers: { cli: { type: "sdk", name: "cli" } } });
    fake.control("interrupt");
    fake.control("bogus");
    await eventually(() => fake.lines.length === 7);
    expect(fake.lines.map((line) => line["response"])).toEqual([
      expect.objectContaining({ request_id: "initialize", subtype: "success" }),
      { request_id: "apply_flag_settings", subtype: "success" },
      { request_id: "set_max_thinking_tokens", subtype: "success" },
      { request_id: "mcp_set_servers", subtype: "success", response: { added: ["cli"], removed: [], errors: {} } },
      { request_id: "interrupt", subtype: "success", response: { still_queued: [] } },
      {
        request_id: "bogus",
        subtype: "error",
        error: "Unsupported control request subtype: bogus",
        error_code: "unsupported_request",
      },
      { request_id: "set_model", subtype: "success", response: { model: "claude-sonnet-5-5" } },
    ]);
    expect(fake.lines[0]?.["response"]).toMatchObject({
      response: {
        pid: fake.pid,
        models: expect.arrayContaining([
          expect.objectContaining({ value: "haiku", resolvedModel: "claude-haiku-5-5" }),
        ]),
      },
    });
    fake.control("end_session");
    expect(await fake.ended()).toBe(0);
  });

  test("answers a turn with an echo, line by line as the CLI does", async () => {
    await using fake = await start({});
    fake.ask("hello");
    expect(await fake.line(isResult)).toMatchObject({
      subtype: "success",
      is_error: false,
      result: "You said: hello",
      num_turns: 1,
    });
    expect(fake.lines.map((line) => (line.type === "stream_event" ? eventTypes([line])[0] : line.type))).toEqual([
      "system",
      "system",
      "message_start",
      "content_block_start",
      "content_block_delta",
      "content_block_delta",
      "assistant",
      "content_block_stop",
      "message_delta",
      "message_stop",
      "result",
    ]);
    expect(fake.lines[0]).toMatchObject({ subtype: "init", model: "claude-opus-5-5", uuid: expect.any(String) });
    expect(new Set(fake.lines.map((line) => line["session_id"])).size).toBe(1);
    fake.endInput();
    expect(await fake.ended()).toBe(0);
  });

  test("takes history without a turn, and keeps turns in order", async () => {
    await using fake = await start({});
    fake.ask("past", { shouldQuery: false });
    fake.send({ type: "assistant", message: { role: "assistant", content: [{ type: "text", text: "before" }] } });
    fake.ask("one");
    fake.ask("two");
    fake.endInput();
    expect(await fake.ended()).toBe(0);
    expect(fake.lines.filter(isResult).map((line) => [line["num_turns"], line["result"]])).toEqual([
      [0, ""],
      [1, "You said: one"],
      [1, "You said: two"],
    ]);
  });

  test("ends with 1 at a line that is no JSON", async () => {
    await using fake = await start({});
    fake.send({ type: "unknown" });
    fake.sendText("{oops}\n");
    expect(await fake.ended()).toBe(1);
    expect(await fake.stderr()).toContain("Error parsing streaming input line");
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 0],
  ] as const)("ends idle at %s with %d", async (signal, code) => {
    await using fake = await start({});
    fake.control("initialize");
    await fake.line(isResponse);
    fake.kill(signal);
    expect(await fake.ended()).toBe(code);
  });

  test("keeps a journal of what it got", async () => {
    await using fake = await start({});
    fake.ask("hello");
    await fake.line(isResult);
    fake.kill("SIGTERM");
    await fake.ended();
    const { pid, marker } = fake;
    expect(await journal(fake.path)).toEqual([
      {
        pid,
        event: "start",
        argv: ["-p", "--input-format", "stream-json"],
        cwd: expect.any(String),
        env: expect.objectContaining({ SLUICE_TEST: marker }),
      },
      { pid, event: "line", line: { type: "user", message: { role: "user", content: "hello" } } },
      { pid, event: "signal", signal: "SIGTERM" },
    ]);
  });
});

describe("a script", () => {
  test("gives each turn its steps", async () => {
    await using fake = await start({
      turns: [
        [rateLimit({ status: "allowed" }), stderr("a warning\n"), raw("noise\n"), ...answer(thinking("hm", "yes"))],
        apiError({ status: 429, type: "rate_limit_error", error: "rate_limit", text: "API Error: slow down" }),
      ],
    });
    fake.ask("one");
    fake.ask("two");
    fake.ask("three");
    await eventually(() => fake.lines.filter(isResult).length === 3);
    fake.endInput();
    expect(await fake.ended()).toBe(0);
    expect(fake.lines[0]).toMatchObject({ type: "rate_limit_event", rate_limit_info: { status: "allowed" } });
    expect(fake.noise).toEqual(["noise"]);
    expect(await fake.stderr()).toBe("a warning\n");
    expect(fake.lines.filter((line) => line["subtype"] === "thinking_tokens").length).toBeGreaterThan(0);
    expect(fake.lines.find((line) => line["is_api_error_message"])).toMatchObject({
      message: { model: "<synthetic>" },
      error: "rate_limit",
      api_error_status: 429,
    });
    expect(fake.lines.filter(isResult).map((line) => [line["is_error"], line["result"]])).toEqual([
      [false, "yes"],
      [true, "API Error: slow down"],
      [false, "You said: three"],
    ]);
  });

  test("can repeat a message, as after a lost connection", async () => {
    const reply = answer(text("again"));
    const first = until("content_block_delta", reply);
    await using fake = await start({ turns: [[...first, apiRetry(), ...answer(text("again")).slice(opening.length)]] });
    fake.ask("x");
    await fake.line(isResult);
    expect(eventTypes(fake.lines).filter((type) => type === "message_start")).toHaveLength(2);
  });

  test("cuts the output anywhere", async () => {
    await using fake = await start({ pieceBytes: 7, turns: [answer(text("Grüße 😀 aus Köln"))] });
    fake.ask("x");
    expect(await fake.line(isResult)).toMatchObject({ result: "Grüße 😀 aus Köln" });
    expect(fake.noise).toEqual([]);
  });

  test("prints long lines", async () => {
    await using fake = await start({ turns: [[longLine(1_000_000), ...answer(text("ok"))]] });
    fake.ask("x");
    await fake.line(isResult);
    expect(JSON.stringify(fake.lines[0]).length).toBeGreaterThan(1_000_000);
  });

  test("prints a line without an end, until it is killed", async () => {
    await using folder = await temporaryFolder();
    const fake = Bun.spawn([await fakeClaude({ startup: [endless] }, folder.path), "-p"], { stdin: "pipe" });
    const reading = Array.fromAsync(flat(readLines(fake.stdout, { maxLine: 3_000_000 })));
    expect(await reading.catch((thrown: unknown) => thrown)).toMatchObject({ kind: "upstream" });
    fake.kill("SIGKILL");
    await fake.exited;
  });

  const partial = until("content_block_delta", answer(text("half and half")));
  test.each<[string, Script, number]>([
    ["before anything", { startup: [stderr("broken\n"), exit(3)] }, 0],
    ["before the first event", { turns: [[exit(3)]] }, 0],
    ["in the middle", { turns: [[...partial, exit(3)]] }, partial.length],
    ["before the result", { turns: [[...answer(text("x")).slice(0, -1), exit(3)]] }, answer(text("x")).length - 1],
  ])("ends %s", async (_where, script, printed) => {
    await using fake = await start(script);
    fake.ask("x");
    expect(await fake.ended()).toBe(3);
    expect(fake.lines).toHaveLength(printed);
  });

  test.each<[string, Script, number]>([
    ["before anything", { startup: [hang] }, 0],
    ["before the first event", { turns: [[hang]] }, 1],
    ["in the middle", { turns: [[...partial, hang]] }, 1 + partial.length],
  ])("hangs %s, and then answers nothing until a signal ends it", async (_where, script, printed) => {
    await using fake = await start(script);
    fake.control("initialize");
    fake.ask("x");
    await eventually(async () => fake.lines.length === printed && (await journal(fake.path)).length > 0);
    // Long enough for a process that does not hang to answer; one that hangs passes whatever the time.
    fake.control("interrupt");
    await Bun.sleep(200);
    expect(fake.lines).toHaveLength(printed);
    fake.kill("SIGTERM");
    expect(await fake.ended()).toBe(143);
  });

  test("ignores SIGTERM if told so", async () => {
    await using fake = await start({ ignoreSigterm: true });
    fake.control("initialize");
    await fake.line(isResponse);
    fake.kill("SIGTERM");
    await eventually(async () => (await journal(fake.path)).some(({ event }) => event === "signal"));
    fake.ask("still there");
    await fake.line(isResult);
    fake.kill("SIGKILL");
    await fake.ended();
  });

  const slow: Step[] = [...partial, wait(600_000), ...answer(text("never")).slice(-1)];
  test.each(["interrupt", "SIGINT"] as const)("closes its turn at %s", async (how) => {
    await using fake = await start({ turns: [slow] });
    fake.ask("x");
    await fake.line((line) => eventTypes([line])[0] === "content_block_delta");
    if (how === "SIGINT") fake.kill(how);
    else fake.control(how);
    expect(await fake.line(isResult)).toMatchObject({
      subtype: "error_during_execution",
      is_error: true,
      terminal_reason: "aborted_streaming",
    });
    expect(fake.lines.find((line) => line["aborted"])).toMatchObject({ message: { content: [{ text: "half an" }] } });
    expect(eventTypes(fake.lines).slice(-3)).toEqual(["content_block_stop", "message_delta", "message_stop"]);
    if (how === "SIGINT") return expect(await fake.ended()).toBe(0);
    fake.ask("next");
    await fake.line((line) => line["result"] === "You said: next");
  });

  test("leaves a process behind that holds stdout open", async () => {
    await using fake = await start({ turns: [[grandchild(600), exit(0)]] });
    fake.ask("x");
    const sleeper = await eventually(() => processesWith(fake.marker).find(({ command }) => command === "sleep 600"));
    await eventually(() => processesWith(fake.marker).length === 1);
    let ended = false;
    const end = fake.ended().then(() => (ended = true));
    await Bun.sleep(100);
    expect(ended).toBe(false);
    process.kill(sleeper.pid, "SIGKILL");
    await end;
  });

  test("can differ from process to process, and replace control answers", async () => {
    const scripts: [Script, ...Script[]] = [
      { startup: [exit(9)] },
      { control: { set_model: { subtype: "error", error: "no" } } },
    ];
    await using first = await start(scripts);
    expect(await first.ended()).toBe(9);
    for (const _ of ["second", "third"]) {
      await using next = await start(scripts, first.path);
      next.control("set_model", { model: "opus" });
      expect(await next.line(isResponse)).toMatchObject({ response: { subtype: "error", error: "no" } });
    }
    expect((await journal(first.path)).filter(({ event }) => event === "start")).toHaveLength(3);
  });
});
