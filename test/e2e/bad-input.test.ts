/** Whatever comes in gets a clear error in its dialect or a closed connection, and the next request works. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import { connect } from "node:net";
import { eventually } from "../support/environment.ts";
import { text } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice({ args: ["--max-body", "8mb"] });
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

const user = { role: "user", content: "Hello" };
const good = { model: "sonnet", max_tokens: 10, messages: [user] };

/** A tool that either API takes as its own. */
const tool = (name: string | undefined, schema: object = { type: "object" }) => ({
  name,
  input_schema: schema,
  function: { name, parameters: schema },
});

const paths = ["/v1/messages", "/v1/chat/completions"];

async function expectAlive(): Promise<void> {
  sluice.mock.respond(() => text("alive"));
  for (const path of paths) {
    const reply = await sluice.post(path, good);
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain("alive");
  }
  await sluice.quiet();
}

async function expectError(reply: Response, path: string, status: number): Promise<string> {
  expect(reply.status).toBe(status);
  const body = (await reply.json()) as { type?: string; error: Record<string, unknown>; request_id?: string };
  if (path === "/v1/messages") {
    expect(body.type).toBe("error");
    expect(body.request_id).toBe(reply.headers.get("request-id") ?? "");
  } else {
    expect(Object.keys(body)).toEqual(["error"]);
    expect(Object.keys(body.error).sort()).toEqual(["code", "message", "param", "type"]);
  }
  const message = String(body.error["message"]);
  expect(message.length).toBeGreaterThan(5);
  expect(message.length).toBeLessThan(600);
  return message;
}

describe.each(paths)("%s", (path) => {
  test.each([
    ["malformed JSON", '{"model": "sonnet", '],
    ["no JSON at all", "hello"],
    ["nothing", ""],
    ["a list", "[]"],
    ["null", "null"],
    ["a number", "7"],
    ["no model", JSON.stringify({ ...good, model: undefined })],
    ["a model that is no text", JSON.stringify({ ...good, model: 5 })],
    ["no messages", JSON.stringify({ ...good, messages: undefined })],
    ["empty messages", JSON.stringify({ ...good, messages: [] })],
    ["messages that are text", JSON.stringify({ ...good, messages: "hello" })],
    ["an unknown role", JSON.stringify({ ...good, messages: [{ role: "robot", content: "x" }] })],
    ["no role", JSON.stringify({ ...good, messages: [{ content: "x" }] })],
    ["empty content", JSON.stringify({ ...good, messages: [{ role: "user", content: "" }] })],
    ["blank content", JSON.stringify({ ...good, messages: [{ role: "user", content: " \n\t" }] })],
    ["content of a wrong type", JSON.stringify({ ...good, messages: [{ role: "user", content: 7 }] })],
    ["an unknown block", JSON.stringify({ ...good, messages: [{ role: "user", content: [{ type: "smell" }] }] })],
    ["a null message", JSON.stringify({ ...good, messages: [null] })],
    ["a wrong max_tokens", JSON.stringify({ ...good, max_tokens: "many" })],
    ["a wrong stream", JSON.stringify({ ...good, stream: "yes" })],
    ["tools that are text", JSON.stringify({ ...good, tools: "f" })],
    ["a null tool", JSON.stringify({ ...good, tools: [null] })],
    ["a tool without a name", JSON.stringify({ ...good, tools: [tool(undefined)] })],
    ["a tool without an object schema", JSON.stringify({ ...good, tools: [tool("f", { type: "string" })] })],
    ["two tools of one name", JSON.stringify({ ...good, tools: [tool("f"), tool("f")] })],
    ["a hosted tool", JSON.stringify({ ...good, tools: [{ type: "web_search_20250305", name: "web_search" }] })],
    ["deep nesting", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ])("%s", async (_, body) => {
    await expectError(await sluice.post(path, body), path, 400);
  });

  test("the field at fault is named", async () => {
    const at = async (body: object) => expectError(await sluice.post(path, { ...good, ...body }), path, 400);
    expect(await at({ messages: [user, { role: "robot", content: "x" }] })).toContain("messages.1.role");
    expect(await at({ messages: [{ role: "user", content: 7 }] })).toContain("messages.0.content");
    expect(await at({ tools: [tool("f"), { type: "web_search_20250305", name: "web_search" }] })).toContain(
      "tools.1.type",
    );
  });

  test("a body over the limit, with and without a length", async () => {
    const large = JSON.stringify({ ...good, messages: [{ role: "user", content: "x".repeat(9_000_000) }] });
    await expectError(await sluice.post(path, large), path, 413);
    const chunks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("x".repeat(1_000_000)));
      },
    });
    await expectError(await sluice.post(path, good, { body: chunks } as RequestInit), path, 413);
  });

  test("a 100 MB body", async () => {
    const reply = await sluice.post(path, "x".repeat(100_000_000)).catch(() => undefined);
    if (reply) await expectError(reply, path, 413);
    await expectAlive();
  });

  test("NUL and lone surrogates in a text", async () => {
    sluice.mock.respond((body) => text(JSON.stringify(body.messages[0])));
    const reply = await sluice.post(
      path,
      '{"model":"sonnet","max_tokens":10,"messages":[{"role":"user","content":"a\\u0000b\\ud800c\\udc00"}]}',
    );
    expect(reply.status).toBe(200);
    const sent = JSON.stringify(sluice.mock.requests.at(-1)?.body.messages);
    expect(sent).toContain("a\\u0000b\ufffdc\ufffd");
  });

  test("other content types, methods and encodings", async () => {
    const headers = (type: string) => ({ headers: { "content-type": type } });
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]) {
      await expectError(await sluice.post(path, good, headers(type)), path, 415);
    }
    await expectError(await sluice.post(path, good, { headers: { "content-encoding": "gzip" } }), path, 415);
    for (const method of ["GET", "PUT", "DELETE"]) {
      await expectError(await fetch(sluice.url + path, { method }), path, 405);
    }
  });
});

test(
  "10,000 messages",
  async () => {
    sluice.mock.respond((body) => text(`I saw ${body.messages.filter(({ role }) => role !== "system").length}`));
    const messages = Array.from({ length: 9_999 }, (_, n) => ({
      role: n % 2 ? "assistant" : "user",
      content: `m${n}`,
    }));
    const reply = await sluice.post("/v1/messages", { ...good, messages });
    expect(reply.status).toBe(200);
    expect(await reply.text()).toContain("I saw 9999");
    await sluice.quiet();
  },
  { timeout: 1_800_000 },
);

test("unknown routes are 404 in the envelope that fits", async () => {
  expect((await fetch(`${sluice.url}/v1/nothing`)).status).toBe(404);
  expect((await fetch(`${sluice.url}/nothing`)).status).toBe(404);
  const anthropic = await fetch(`${sluice.url}/v1/nothing`, { headers: { "anthropic-version": "2023-06-01" } });
  expect(await anthropic.json()).toMatchObject({ type: "error", error: { type: "not_found_error" } });
  const openai = await fetch(`${sluice.url}/v1/nothing`);
  expect(await openai.json()).toMatchObject({ error: { type: "invalid_request_error", code: null } });
});

describe("raw connections", () => {
  /** Writes to the server, piece by piece, and gives what came back when the connection ended, or after `patience`. */
  async function talk(pieces: Iterable<string>, { pauseMs = 0, patienceMs = 5000 } = {}): Promise<string> {
    const socket = connect(sluice.server.port, "127.0.0.1");
    let received = "";
    socket.on("data", (data) => (received += data)).on("error", () => {});
    const closed = new Promise((resolve) => socket.on("close", resolve));
    for (const piece of pieces) {
      if (socket.destroyed) break;
      socket.write(piece);
      if (pauseMs > 0) await Bun.sleep(pauseMs);
    }
    await Promise.race([closed, Bun.sleep(patienceMs)]);
    socket.destroy();
    return received;
  }

  const head = `POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;

  test("a body that stops half way, and the client goes", async () => {
    await talk([`${head}Content-Length: 1000\r\n\r\n{"model":`], { patienceMs: 300 });
    await expectAlive();
  });

  test("a header without end", async () => {
    const endless = (function* () {
      yield "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nX-Long: ";
      for (let n = 0; n < 2000; n++) yield "x".repeat(10_000);
    })();
    expect(await talk(endless, { patienceMs: 2000 })).not.toContain(" 200 ");
    await expectAlive();
  });

  test("rubbish, and a request line without end", async () => {
    expect(await talk(["\0\x01\x02\r\n\r\n"], { patienceMs: 300 })).not.toContain(" 200 ");
    expect(await talk([`GET /${"x".repeat(1_000_000)} HTTP/1.1\r\n`], { patienceMs: 300 })).not.toContain(" 200 ");
    await expectAlive();
  });

  test("a client that reads slowly does not fill the memory, and gets the whole answer when it reads on", async () => {
    const words = "0123456789".repeat(400_000);
    sluice.mock.respond(() => text(words, { chunks: 4000 }));
    const before = process.memoryUsage().rss;
    const socket = connect(sluice.server.port, "127.0.0.1");
    const body = JSON.stringify({ ...good, max_tokens: 1_000_000, stream: true });
    let received = "";
    socket.once("data", () => socket.pause());
    socket.on("data", (data) => (received += data));
    socket.write(`${head}Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
    await eventually(() => socket.isPaused());
    await Bun.sleep(3000);
    expect(received.length).toBeLessThan(2_000_000);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
    const ended = once(socket, "end");
    socket.resume();
    await ended;
    expect(received).toContain("message_stop");
    const texts = [...received.matchAll(/"text":"(\d+)"/g)].map((match) => match[1]).join("");
    expect(texts.length).toBeGreaterThan(3_900_000);
    await sluice.quiet();
  });
});
