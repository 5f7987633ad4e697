/** What an upstream could send: through the real CLI as HTTP, and as lines of a CLI that passes everything on. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { formatSse } from "../../src/wire/sse.ts";
import { temporaryFolder } from "../support/environment.ts";
import { answer, endless, fakeClaude, line, opening, raw, type Step, until } from "../support/fake-claude.ts";
import { eventsOf, messageOf, text as message } from "../support/mock-replies.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

/** What a good answer would be, as bytes. */
const good = eventsOf(messageOf(message("all is well", { chunks: 3 }), "msg_1", "claude-sonnet-5-5"), 3).map((event) =>
  formatSse({ event: event.type, data: JSON.stringify(event) }),
);

/** Asks, and gives the answer once it has ended as the API says: with a whole message, or an error in its shape. */
async function ask(sluice: TestSluice, content: string): Promise<string> {
  const messages = [{ role: "user", content }];
  const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 50, stream: true, messages });
  const body = await reply.text();
  if (reply.ok) expect(body).toMatch(/event: (message_stop|error)\n.*\n\n$/);
  else expect(JSON.parse(body)).toMatchObject({ type: "error", error: { message: expect.any(String) } });
  expect(body.length).toBeLessThan(20_000);
  return body;
}

const stream = { "content-type": "text/event-stream" };
const [start = "", ...rest] = good;

/** What the upstream answers, by what it is asked. */
const replies: Record<string, (response: ServerResponse) => void> = {
  "a good answer": (response) => response.writeHead(200, stream).end(good.join("")),
  "no events": (response) => response.writeHead(200, stream).end(),
  "another kind of body": (response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>Hi</h1>"),
  "bytes that are no UTF-8": (response) => {
    response.writeHead(200, stream).write(`${start}data: `);
    response.end(Buffer.from([0xff, 0xfe, 0xc0, 0x80, 0x0a, 0x0a]));
  },
  "no JSON": (response) => response.writeHead(200, stream).end(`${start}data: {"type":\n\n${rest.join("")}`),
  "JSON of a wrong shape": (response) =>
    response
      .writeHead(200, stream)
      .end(`${start}data: {"type":"content_block_start","index":"x","content_block":7}\n\n${rest.join("")}`),
  "the wrong order": (response) => response.writeHead(200, stream).end(rest.toReversed().join("") + start),
  "everything twice": (response) => response.writeHead(200, stream).end(good.join("") + good.join("")),
  "a line of 5 MB": (response) => response.writeHead(200, stream).end(`${start}data: ${"x".repeat(5_000_000)}\n\n`),
  "a packed bomb of 5 MB": (response) =>
    response
      .writeHead(200, { ...stream, "content-encoding": "gzip" })
      .end(gzipSync(`${start}data: ${"x".repeat(5_000_000)}`)),
  "what is no gzip": (response) =>
    response.writeHead(200, { ...stream, "content-encoding": "gzip" }).end(good.join("")),
  "an error of 1 MB": (response) =>
    response
      .writeHead(400, { "content-type": "application/json" })
      .end(JSON.stringify({ type: "error", error: { type: "invalid_request_error", message: "x".repeat(1_000_000) } })),
  "an error that is no JSON": (response) => response.writeHead(400).end("\x1b[31m\0no"),
};

describe("to the real CLI", () => {
  let upstream: Server;
  let sluice: TestSluice;
  beforeAll(async () => {
    upstream = createServer(async (request, response) => {
      const body = await text(request);
      const name = Object.keys(replies).findLast((one) => body.includes(`Reply: ${one}.`)) ?? "no events";
      replies[name]?.(response);
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    const { port } = upstream.address() as AddressInfo;
    const env = { ANTHROPIC_BASE_URL: `http://127.0.0.1:${port}` };
    sluice = await startSluice({ env, args: ["--stall-timeout", "20s"] });
  });
  afterAll(async () => {
    await sluice[Symbol.asyncDispose]();
    upstream.closeAllConnections();
    upstream.close();
  });

  test.concurrent.each(Object.keys(replies))("%s", async (name) => {
    const body = await ask(sluice, `Reply: ${name}.`);
    if (name === "a good answer") expect(body).toEndWith(good.at(-1) ?? "");
    else if (name === "an error that is no JSON") expect(body).not.toContain("\x1b");
  });

  test("and everything is well with the next one", async () => {
    expect(await ask(sluice, "Reply: a good answer.")).toContain("message_stop");
    await sluice.quiet();
    for (const entry of sluice.logged) expect(entry).not.toMatch(/[^\P{Cc}\n]/u);
    expect(Math.max(...sluice.logged.map(({ length }) => length))).toBeLessThan(10_000);
  });
});

describe("as lines of the CLI", () => {
  const well = answer(message("all is well"));
  const begun = until("content_block_start", well);
  const event = (value: unknown) => line({ type: "stream_event", event: value });
  const nobody = (type: string, fields: object = {}) => line({ type, ...fields });

  test.each<[string, Step[]]>([
    ["a line without end", [...begun, endless]],
    ["no JSON, no UTF-8, no objects", [...opening, raw('{\n\0\n[]\nnull\n7\n"x"\n\ufffd\n{"type":7}\n{}\n'), ...well]],
    ["nested too deeply", [...opening, raw(`${"[".repeat(200_000)}\n`), ...well]],
    [
      "a delta before its block",
      [...opening, event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "x" } })],
    ],
    [
      "events of a wrong shape",
      [...begun, event(null), event({ type: "content_block_delta" }), line({ type: "assistant", message: 7 })],
    ],
    [
      "answers to requests that nobody made",
      [
        nobody("control_response", { response: { request_id: "x" } }),
        nobody("control_request", { request_id: "1" }),
        nobody("control_response"),
        ...well,
      ],
    ],
  ])("%s", async (_, steps) => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude({ turns: [steps] }, folder.path);
    await using sluice = await startSluice({ claude, args: ["--stall-timeout", "1s"] });
    const before = process.memoryUsage().rss;
    await ask(sluice, "Hello");
    expect(process.memoryUsage().rss - before).toBeLessThan(500_000_000);
    expect((await fetch(`${sluice.url}/health`)).status).toBe(200);
  });
});
