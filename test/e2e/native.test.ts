/** Native mode's pass-through: what the upstream gets of a request, and the client of an answer. */

import { describe, expect, test } from "bun:test";
import { Glob } from "bun";
import { join } from "node:path";
import { version } from "../../package.json";
import { cutBytes } from "../support/bytes.ts";
import { failureOf } from "../support/failure.ts";
import { blocks, cut, error, stall, text, thinking, toolUse } from "../support/mock-anthropic.ts";
import { startRawUpstream } from "../support/raw-upstream.ts";
import { secrets } from "../support/secrets.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const start = (args: string[] = [], env: Record<string, string | undefined> = {}) =>
  startSluice({ args: ["--mode", "native", ...args], env });

const asked = { model: "claude-sonnet-4-5", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };

/** Everything that the API has a field for, and some that it has not. */
const everything = {
  ...asked,
  system: [{ type: "text", text: "Be kind.", cache_control: { type: "ephemeral", ttl: "1h" } }],
  messages: [
    { role: "user", content: [{ type: "text", text: "Hi\u0000 \u2028", cache_control: { type: "ephemeral" } }] },
    { role: "assistant", content: [{ type: "thinking", thinking: "hm", signature: "c2ln" }] },
    { role: "system", content: "Now in French." },
    { role: "assistant", content: [{ type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} }] },
  ],
  thinking: { type: "enabled", budget_tokens: 1024, display: "omitted" },
  tools: [
    { type: "web_search_20250305", name: "web_search", max_uses: 3 },
    { name: "f", input_schema: { type: "object" }, cache_control: { type: "ephemeral" }, strict: true },
  ],
  tool_choice: { type: "auto", disable_parallel_tool_use: true },
  temperature: 1.0,
  container: "container_1",
  context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
  mcp_servers: [{ type: "url", url: "https://mcp.example", name: "m" }],
  metadata: { user_id: "u" },
  field_of_tomorrow: { deep: [1, 2.5, null] },
};

describe("a request", () => {
  test("arrives as it was sent, byte for byte, unknown fields and the query included", async () => {
    await using upstream = startRawUpstream(() => ({ pieces: [Buffer.from("{}")] }));
    await using sluice = await start(["--upstream", upstream.url]);
    // As no JSON.stringify would write it.
    const body = `  ${JSON.stringify(everything, undefined, 3).replace("2.5", "2.50, 12345678901234567890")}\n`;
    await sluice.post("/v1/messages?beta=true&x=%20y", body, {
      headers: { "anthropic-version": "2026-10-21", "anthropic-beta": "a-1,b-2" },
    });
    const [seen] = upstream.requests;
    expect(seen?.path).toBe("/v1/messages?beta=true&x=%20y");
    expect(Buffer.from(seen?.body ?? []).toString()).toBe(body);
    expect(seen?.headers.get("anthropic-beta")).toBe("a-1,b-2");
    expect(seen?.headers.get("anthropic-version")).toBe("2026-10-21");
  });

  test("has the user's key and Sluice's own name, and nothing of the client's connection", async () => {
    await using upstream = startRawUpstream(() => ({ pieces: [Buffer.from("{}")] }));
    await using sluice = await start(["--upstream", upstream.url, "--client-key", "door"]);
    await sluice.post("/v1/messages", asked, {
      headers: {
        authorization: "Bearer door",
        "user-agent": "claude-cli/2.1.329 (external, cli)",
        "x-forwarded-for": "192.0.2.1",
        cookie: "a=b",
        "proxy-authorization": "Basic eDp5",
        "accept-encoding": "gzip, br",
        "idempotency-key": "once",
      },
    });
    const { host, ...headers } = Object.fromEntries(upstream.requests[0]?.headers ?? []);
    expect(host).toBe(new URL(upstream.url).host);
    expect(headers).toEqual({
      accept: "*/*",
      "accept-encoding": "identity",
      connection: "keep-alive",
      "content-length": String(JSON.stringify(asked).length),
      "content-type": "application/json",
      "idempotency-key": "once",
      "user-agent": `sluice/${version}`,
      "x-api-key": secrets.apiKey,
    });
  });

  test("with the client's credentials has these and none of ours", async () => {
    await using upstream = startRawUpstream(() => ({ pieces: [Buffer.from("{}")] }));
    await using sluice = await start(["--upstream", upstream.url, "--credentials", "client"]);
    for (const headers of [{ "x-api-key": "theirs" }, { authorization: "Bearer theirs" }]) {
      await sluice.post("/v1/messages", asked, { headers });
      const seen = upstream.requests.at(-1)?.headers;
      const { "x-api-key": key, authorization } = Object.fromEntries(seen ?? []);
      expect<unknown>({ ...(key && { "x-api-key": key }), ...(authorization && { authorization }) }).toEqual(headers);
    }
  });

  test("names a model as the upstream knows it, where it lists one", async () => {
    const list = [
      { type: "model", id: "claude-sonnet-4-5-20250929", created_at: "2025-09-29T00:00:00Z" },
      { type: "model", id: "claude-sonnet-5", created_at: "2026-06-01T00:00:00Z" },
    ];
    await using upstream = startRawUpstream((path) => ({
      pieces: [Buffer.from(path.startsWith("/v1/models") ? JSON.stringify({ data: list }) : "{}")],
    }));
    await using sluice = await start(["--upstream", upstream.url, "--model", "sonnet"]);
    const arrives = async (model: string | undefined) => {
      await sluice.post("/v1/messages", { ...asked, model });
      return JSON.parse(Buffer.from(upstream.requests.at(-1)?.body ?? []).toString()).model;
    };
    expect(await arrives("claude-opus-9")).toBe("claude-opus-9");
    // Nothing had to be looked up so far.
    expect(upstream.requests.map(({ path }) => path)).toEqual(["/v1/messages"]);
    expect(await arrives("sonnet")).toBe("claude-sonnet-5");
    expect(await arrives(undefined)).toBe("claude-sonnet-5");
    expect(await arrives("anthropic/claude-sonnet-4.5")).toBe("claude-sonnet-4-5-20250929");
    expect(await arrives("of-the-gateway")).toBe("of-the-gateway");
    expect(upstream.requests.filter(({ path }) => path.startsWith("/v1/models"))).toHaveLength(1);
  });

  test.each(['{"model": ', "null", '"text"', "[]", "7"])("that is %s is the upstream's to refuse", async (body) => {
    await using sluice = await start();
    const response = await sluice.post("/v1/messages", body);
    expect(response.status).toBe(400);
    expect(response.headers.get("request-id")).toStartWith("req_mock");
  });

  test("of any other part of the API goes through too, where it says that it is one", async () => {
    await using upstream = startRawUpstream((path) => ({ pieces: [Buffer.from(JSON.stringify({ path }))] }));
    await using sluice = await start(["--upstream", `${upstream.url}/gateway/v1`]);
    const headers = { "anthropic-version": "2023-06-01" };
    const paths = [
      ["POST", "/v1/messages/count_tokens?beta=true"],
      ["GET", "/v1/models?limit=3&after_id=x"],
      ["GET", "/v1/models/claude-x"],
      ["POST", "/v1/messages/batches"],
      ["DELETE", "/v1/messages/batches/b_1"],
    ] as const;
    for (const [method, path] of paths) {
      const body =
        method === "POST" ? { body: "{}", headers: { ...headers, "content-type": "application/json" } } : { headers };
      const response = await fetch(sluice.url + path, { method, ...body });
      expect(await response.json()).toEqual({ path: `/gateway${path}` });
    }
    expect(upstream.requests.map(({ method }) => method)).toEqual(paths.map(([method]) => method));
    expect((await fetch(`${sluice.url}/v1/elsewhere`)).status).toBe(404);
    expect(upstream.requests).toHaveLength(paths.length);
  });
});

describe("an answer", () => {
  test("171 recorded streams come back byte for byte, whatever their cuts", async () => {
    const root = join(import.meta.dir, "../golden");
    const files = [...new Glob("*/*.sse").scanSync(root)].sort();
    expect(files.length).toBeGreaterThan(100);
    let bytes = Buffer.alloc(0) as Buffer<ArrayBuffer>;
    let cutAt: number[] = [];
    await using upstream = startRawUpstream(() => ({
      headers: { "content-type": "text/event-stream" },
      pieces: cutBytes(bytes, cutAt) as Uint8Array<ArrayBuffer>[],
    }));
    await using sluice = await start(["--upstream", upstream.url]);
    for (const [index, file] of files.entries()) {
      bytes = Buffer.from(await Bun.file(join(root, file)).bytes());
      cutAt = [0.11, 0.3, 0.31, 0.77].slice(index % 5);
      const response = await sluice.post("/v1/messages", asked);
      expect(Buffer.from(await response.bytes()).equals(bytes)).toBe(true);
    }
  });

  test("has the upstream's status and headers, those of its connection left out", async () => {
    await using upstream = startRawUpstream(() => ({
      status: 429,
      headers: {
        "content-type": "application/json",
        "request-id": "req_upstream",
        "retry-after": "7",
        "x-should-retry": "true",
        "anthropic-organization-id": "org",
        "anthropic-ratelimit-requests-remaining": "0",
        "x-of-tomorrow": "1",
        "set-cookie": "a=b",
        "strict-transport-security": "max-age=1",
        "access-control-allow-origin": "*",
      },
      pieces: [Buffer.from('{ "type":"error" }')],
    }));
    await using sluice = await start(["--upstream", upstream.url]);
    const response = await sluice.post("/v1/messages", asked);
    expect([response.status, await response.text()]).toEqual([429, '{ "type":"error" }']);
    const { date: _, "x-request-id": ours, ...headers } = Object.fromEntries(response.headers);
    expect(ours).toStartWith("req_");
    expect(headers).toEqual({
      "anthropic-organization-id": "org",
      "anthropic-ratelimit-requests-remaining": "0",
      "content-length": "18",
      "content-type": "application/json",
      "request-id": "req_upstream",
      "retry-after": "7",
      "x-of-tomorrow": "1",
      "x-should-retry": "true",
      "x-sluice-way": "native",
    });
  });

  test("that is compressed all the same stays so", async () => {
    const plain = JSON.stringify({ type: "message", usage: { input_tokens: 1, output_tokens: 2 } });
    const packed = Bun.gzipSync(plain);
    await using upstream = startRawUpstream(() => ({
      headers: { "content-type": "application/json", "content-encoding": "gzip" },
      pieces: [packed],
    }));
    await using sluice = await start(["--upstream", upstream.url]);
    const response = await sluice.post("/v1/messages", asked, { decompress: false } as RequestInit);
    expect(Buffer.from(await response.bytes()).equals(packed)).toBe(true);
  });

  test("is logged in one line with what it came to", async () => {
    await using sluice = await start();
    for (const stream of [false, true]) {
      sluice.logged.length = 0;
      await (await sluice.post("/v1/messages", { ...asked, stream })).text();
      expect(sluice.logged).toHaveLength(1);
      expect(sluice.logged[0]).toMatch(/"status":200,"ms":\d+,"way":"native","input_tokens":10,"output_tokens":\d+}/);
    }
  });
});

describe("where neither the log nor the ledger has a line for a stream", () => {
  const streamed = { ...asked, stream: true };
  const startUnwritten = () => start(["--log-level", "warn", "--no-ledger"]);

  test("a monitor is told what it came to all the same", async () => {
    await using sluice = await startUnwritten();
    await (await sluice.post("/v1/messages", streamed)).text();
    const metrics = await (await fetch(`${sluice.url}/metrics`)).text();
    expect(metrics).toMatch(/sluice_tokens_total\{model="claude-sonnet-4-5",kind="input"\} 10/);
    expect(metrics).toMatch(/sluice_time_to_first_text_seconds_count\{api="messages"\} 1/);
  });

  test("one that breaks ends with an error event", async () => {
    await using sluice = await startUnwritten();
    sluice.mock.respond(() => cut(4));
    expect(await (await sluice.post("/v1/messages", streamed)).text()).toContain("\nevent: error\n");
  });
});

test("a stream whose client reads nothing costs no memory", async () => {
  const chunk = new Uint8Array(1024 ** 2);
  let sent = 0;
  using upstream = Bun.serve({
    port: 0,
    fetch: () =>
      new Response(
        new ReadableStream({
          pull: (controller) => {
            sent++;
            controller.enqueue(chunk);
          },
        }),
        { headers: { "content-type": "text/event-stream" } },
      ),
  });
  await using sluice = await start(["--upstream", `http://127.0.0.1:${upstream.port}`]);
  const response = await sluice.post("/v1/messages", { ...asked, stream: true });
  const reader = response.body?.getReader();
  await reader?.read();
  for (let last = -1; last !== sent;) {
    last = sent;
    await Bun.sleep(300);
  }
  // Sockets hold some; what counts is that the upstream waits.
  expect(sent).toBeLessThan(100);
  await reader?.cancel();
});

test("a client that takes its time is no silence of the upstream's", async () => {
  const chunk = Buffer.from("x".repeat(2 ** 20));
  await using upstream = startRawUpstream(() => ({
    headers: { "content-type": "text/event-stream" },
    pieces: Array.from({ length: 40 }, () => chunk),
  }));
  await using sluice = await start(["--upstream", upstream.url, "--stall-timeout", "1s"]);
  const response = await sluice.post("/v1/messages", { ...asked, stream: true });
  await Bun.sleep(2500);
  expect((await response.bytes()).length).toBe(40 * chunk.length);
});

describe("a stream that breaks", () => {
  const broken = async (sluice: TestSluice) => {
    const response = await sluice.post("/v1/messages", { ...asked, stream: true });
    return await response.text();
  };

  test("between two events ends with an error event", async () => {
    await using sluice = await start();
    sluice.mock.respond(() => cut(4));
    const body = await broken(sluice);
    expect(body).toMatch(
      /event: error\ndata: \{"type":"error","error":\{"type":"api_error","message":"The connection to the upstream broke[^\n]+\n\n$/,
    );
    expect(sluice.logged.at(-1)).toContain('"error":"upstream"');
  });

  test("that stalls is ended", async () => {
    await using sluice = await start(["--stall-timeout", "300ms"]);
    sluice.mock.respond(() => stall(4));
    expect(await broken(sluice)).toMatch(
      /"type":"timeout_error","message":"The upstream was silent for 0\.3 s[^\n]+\n\n$/,
    );
  });

  test("in the middle of an event breaks for the client too", async () => {
    const half = 'event: ping\ndata: {"type":"ping"}\n\nevent: content_block_delta\ndata: {"ty';
    await using upstream = Bun.listen({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        data(socket) {
          socket.write(`HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`);
          socket.write(`${half.length.toString(16)}\r\n${half}\r\n`);
          setTimeout(() => socket.end(), 100);
        },
      },
    });
    await using sluice = await start(["--upstream", `http://127.0.0.1:${upstream.port}`]);
    expect(await broken(sluice).catch((error: { code?: string }) => error.code)).toBe("ECONNRESET");
  });

  test("is left upstream when the client goes", async () => {
    await using sluice = await start();
    sluice.mock.respond(() => stall(4));
    const leave = new AbortController();
    const response = await sluice.post("/v1/messages", { ...asked, stream: true }, { signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    const [seen] = await sluice.mock.waitFor(1);
    await seen?.closed;
    expect(seen?.aborted).toBe(true);
  });

  test("before its head is left too", async () => {
    await using sluice = await start();
    sluice.mock.respond(() => new Promise(() => {}));
    const leave = new AbortController();
    const asking = sluice.post("/v1/messages", asked, { signal: leave.signal }).catch((error: Error) => error.name);
    const [seen] = await sluice.mock.waitFor(1);
    leave.abort();
    expect(await asking).toBe("AbortError");
    await seen?.closed;
  });
});

describe("the SDK", () => {
  test("streams text, thinking and calls, and has the upstream's errors", async () => {
    await using sluice = await start();
    const answers = [
      text("Hello"),
      thinking("Let me think.", "Done"),
      toolUse([{ name: "get_weather", input: { city: "Paris" } }]),
      blocks([], { stop_reason: "refusal" }),
    ];
    const { anthropic, mock } = sluice;
    const tools = [{ name: "get_weather", input_schema: { type: "object" as const } }];
    const request = {
      model: "claude-sonnet-5",
      max_tokens: 50,
      messages: [{ role: "user" as const, content: "Hi" }],
      tools,
    };
    for (const reply of answers) {
      mock.respond(() => reply);
      const streamed = await anthropic.messages.stream(request).finalMessage();
      const whole = await anthropic.messages.create(request);
      expect<unknown>({ ...streamed, id: whole.id }).toEqual({ ...whole, parsed_output: null });
    }
    mock.respond(() => error(529, "overloaded_error", "Overloaded"));
    expect(await failureOf(anthropic.messages.create(request))).toMatchObject({
      status: 529,
      requestID: expect.stringMatching(/^req_mock/),
    });
    expect(await anthropic.messages.countTokens(request)).toEqual({ input_tokens: expect.any(Number) });
  });
});
