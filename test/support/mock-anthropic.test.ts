import { describe, expect, test } from "bun:test";
import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk";
import { readSse } from "../../src/wire/sse.ts";
import { cleanEnvironment, eventually, processesWith, realClaude, temporaryFolder } from "./environment.ts";
import {
  cut,
  error,
  events,
  midStreamError,
  type Mock,
  refusal,
  stall,
  startMock,
  text,
  thinking,
  toolUse,
} from "./mock-anthropic.ts";
import { secrets } from "./secrets.ts";
import { flat } from "./flat.ts";

const hello = {
  model: "claude-opus-5-5",
  max_tokens: 100,
  messages: [{ role: "user", content: "hello" }],
} satisfies Anthropic.MessageCreateParamsNonStreaming;

const client = (mock: Mock): Anthropic => new Anthropic({ baseURL: mock.url, apiKey: "dummy", maxRetries: 0 });

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe("the official SDK", () => {
  test("reads an echo by default, whole and streamed", async () => {
    await using mock = await startMock();
    const whole = await client(mock).messages.create(hello);
    const streamed = await client(mock).messages.stream(hello).finalMessage();
    for (const { content } of [whole, streamed])
      expect(content).toMatchObject([{ type: "text", text: "You said: hello" }]);
    expect(streamed.usage).toMatchObject({ input_tokens: 10, output_tokens: 7, cache_read_input_tokens: 5 });
    expect(streamed).toMatchObject({ model: "claude-opus-5-5", stop_reason: "end_turn" });
    expect(mock.requests.map(({ path, body, aborted }) => ({ path, stream: body.stream, aborted }))).toEqual([
      { path: "/v1/messages", stream: undefined, aborted: false },
      { path: "/v1/messages", stream: true, aborted: false },
    ]);
    await Promise.all(mock.requests.map((request) => request.closed));
  });

  test("reads thinking, tool calls and a refusal", async () => {
    await using mock = await startMock();
    const replies = [
      thinking("Let me see", "Done", { chunks: 3 }),
      toolUse([
        { name: "a", input: { city: "Pariß 😀" }, id: "toolu_1" },
        { name: "b", input: {} },
      ]),
      refusal(),
    ];
    mock.respond((_body, _request, n) => replies[n - 1] ?? text(""));
    const streamed = [];
    for (const _ of replies) streamed.push(await client(mock).messages.stream(hello).finalMessage());
    expect(streamed.map((message) => message.stop_reason)).toEqual(["end_turn", "tool_use", "refusal"]);
    for (const [n, { content }] of streamed.entries()) expect<unknown>(content).toEqual(replies[n]?.content);
  });

  test("reads an error with its status and headers", async () => {
    await using mock = await startMock();
    mock.respond(() => error(429, "rate_limit_error", "slow down", { "retry-after": "7" }));
    const thrown = await failure(client(mock).messages.create(hello));
    expect(thrown).toBeInstanceOf(APIError);
    expect(thrown).toMatchObject({ status: 429, type: "rate_limit_error", requestID: "req_mock_1" });
    expect((thrown as APIError).headers?.get("retry-after")).toBe("7");
  });

  test("reads an error in the middle of a stream", async () => {
    await using mock = await startMock();
    mock.respond(() => midStreamError("overloaded_error", "Overloaded"));
    const thrown = await failure(client(mock).messages.stream(hello).finalMessage());
    expect(thrown).toMatchObject({ type: "overloaded_error" });
  });

  test("sees a connection that is cut after some events", async () => {
    await using mock = await startMock();
    const delta = Promise.withResolvers<void>();
    mock.respond(() => cut(4, { when: delta.promise }));
    const seen: string[] = [];
    const stream = client(mock).messages.stream(hello);
    stream.on("streamEvent", (event) => seen.push(event.type));
    stream.on("text", () => delta.resolve());
    expect(await failure(stream.finalMessage())).toBeInstanceOf(Error);
    // The SDK keeps the ping to itself.
    expect(seen).toEqual(["message_start", "content_block_start", "content_block_delta"]);
    await mock.requests[0]?.closed;
    expect(mock.requests[0]).toMatchObject({ cut: true, aborted: false });
  });

  test("sees the first events of a stream that stalls, and the mock sees it leave", async () => {
    await using mock = await startMock();
    mock.respond(() => stall(4));
    const stream = client(mock).messages.stream(hello);
    const ended = failure(stream.finalMessage());
    await new Promise<void>((resolve) => stream.on("text", () => resolve()));
    expect(mock.requests[0]?.aborted).toBe(false);
    stream.abort();
    await mock.requests[0]?.closed;
    expect(mock.requests[0]?.aborted).toBe(true);
    expect(await ended).toBeInstanceOf(Error);
  });

  test("cannot reach a mock that was stopped", async () => {
    const mock = await startMock();
    await mock.stop();
    expect(await failure(client(mock).messages.create(hello))).toBeInstanceOf(APIConnectionError);
  });
});

describe("the mock", () => {
  test("sends raw events as they are", async () => {
    await using mock = await startMock({ handler: () => events([{ type: "message_stop" }, { type: "odd", x: 1 }]) });
    const response = await fetch(`${mock.url}/v1/messages`, { method: "POST", body: JSON.stringify(hello) });
    expect(response.headers.get("request-id")).toBe("req_mock_1");
    expect(response.body && (await Array.fromAsync(flat(readSse(response.body, { maxEvent: 1000 }))))).toEqual([
      { event: "message_stop", data: '{"type":"message_stop"}' },
      { event: "odd", data: '{"type":"odd","x":1}' },
    ]);
  });

  test("cuts a connection so that it is an error and not an end", async () => {
    await using mock = await startMock({ handler: () => cut(2) });
    const body = JSON.stringify({ ...hello, stream: true });
    const reading = fetch(`${mock.url}/v1/messages`, { method: "POST", body }).then((response) => response.text());
    expect(await failure(reading)).toMatchObject({ code: "ECONNRESET" });
  });

  test("answers HEAD / and refuses unknown routes, and keeps both apart from the requests", async () => {
    await using mock = await startMock();
    expect((await fetch(mock.url, { method: "HEAD" })).status).toBe(200);
    const missing = await fetch(`${mock.url}/v1/nothing?a=1`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
    expect(mock.strays).toEqual(["HEAD /", "GET /v1/nothing"]);
    expect(mock.requests).toEqual([]);
  });

  test("tells when requests have come", async () => {
    await using mock = await startMock();
    const waiting = mock.waitFor(2);
    await client(mock).messages.create(hello);
    await client(mock).messages.create(hello);
    expect(await waiting).toHaveLength(2);
    expect(await mock.waitFor(1)).toHaveLength(2);
  });
});

describe("the real CLI", () => {
  test("gets an answer, and leaves no process", async () => {
    await using mock = await startMock();
    await using folder = await temporaryFolder();
    mock.respond(() => text("Hello from the mock."));
    const marker = crypto.randomUUID();
    const claude = Bun.spawn([realClaude, "-p", "hi", "--tools", "", "--setting-sources", "", "--strict-mcp-config"], {
      cwd: folder.path,
      env: cleanEnvironment({ home: folder.path, baseUrl: mock.url, marker }),
      stdin: "ignore",
      stderr: "pipe",
    });
    // A process has no environment to read while it is starting.
    await eventually(() => processesWith(marker).some(({ pid }) => pid === claude.pid));
    expect(await new Response(claude.stdout).text()).toBe("Hello from the mock.\n");
    expect(await new Response(claude.stderr).text()).toBe("");
    expect(await claude.exited).toBe(0);
    expect(processesWith(marker)).toEqual([]);
    expect(mock.requests).toHaveLength(1);
    expect(mock.requests[0]?.headers.get("x-api-key")).toBe(secrets.apiKey);
    expect(mock.strays.filter((stray) => stray !== "HEAD /")).toEqual([]);
  });
});
