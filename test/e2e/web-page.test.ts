/** What a page that the user visits can have the browser send, against the executable. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { buildBinary, type RunningBinary, startBinary } from "../support/binary.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/environment.ts";
import { answer, fakeClaude } from "../support/fake-claude.ts";
import { text } from "../support/mock-replies.ts";
import { talk } from "../support/raw-http.ts";

let folder: TemporaryFolder;
let sluice: RunningBinary;
beforeAll(async () => {
  await buildBinary();
  folder = await temporaryFolder();
  const claude = await fakeClaude({ turns: [answer(text("for no page"))] }, folder.path);
  sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude });
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const evil = "http://evil.example";
const body = JSON.stringify({ model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: "Hello" }] });
const routes = ["/v1/messages", "/v1/chat/completions", "/v1/responses", "/v1/messages/count_tokens"];

/** Sends a request with these headers, and checks that its answer lets no page read it. */
async function send(line: string, headers: Record<string, string>, content = ""): Promise<number> {
  const all = { host: `127.0.0.1:${sluice.port}`, "content-length": String(content.length), ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status, head, body } = await talk(sluice.port, `${line} HTTP/1.1\r\n${lines.join("")}\r\n${content}`);
  expect(head).not.toContain("access-control-");
  expect(body).not.toContain("for no page");
  expect(sluice.output()).not.toContain('"way"');
  return status;
}

test("DNS rebinding: a name of the page's own that leads here", async () => {
  const json = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
  for (const host of [
    "evil.example",
    `evil.example:${sluice.port}`,
    "127.0.0.1.evil.example",
    "localhost.evil.example",
  ]) {
    for (const route of routes) expect(await send(`POST ${route}`, { host, ...json }, body)).toBe(403);
    for (const route of ["/v1/models", "/health", "/"]) expect(await send(`GET ${route}`, { host })).toBe(403);
  }
});

test("a request that names two hosts, or none, or one that is no name", async () => {
  const { port } = sluice;
  expect(await send("GET /health", { host: `127.0.0.1:${port}\r\nhost: evil.example` })).toBe(400);
  expect(await send("GET /health", { host: `evil.example\r\nhost: 127.0.0.1:${port}` })).toBe(400);
  for (const host of ["127.0.0.1:99999999", "%", "a b", "evil@127.0.0.1", "127.0.0.1/evil", ""]) {
    expect(await send("GET /health", { host })).toBe(400);
  }
  const none = await talk(port, "GET /health HTTP/1.0\r\n\r\n");
  expect([none.status, none.body]).toEqual([400, expect.stringContaining("The Host header is missing")]);
});

const kinds = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];

test("a form, and a beacon: neither can send JSON, and both say where they come from", async () => {
  for (const route of routes) {
    for (const type of kinds) {
      expect(await send(`POST ${route}`, { "content-type": type, origin: evil }, body)).toBe(403);
      expect(await send(`POST ${route}`, { "content-type": type, origin: "null" }, body)).toBe(403);
      // A browser of long ago, or one that keeps the origin to itself.
      expect(await send(`POST ${route}`, { "content-type": type }, body)).toBe(415);
    }
    expect(await send(`POST ${route}`, { origin: evil }, body)).toBe(403);
    expect(await send(`POST ${route}`, {}, body)).toBe(415);
  }
});

test("fetch in no-cors mode, an image, a script, a link that is prefetched", async () => {
  for (const site of ["cross-site", "same-site"]) {
    const headers = { "sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image" };
    for (const route of ["/v1/models", "/health", "/v1/responses/resp_1"]) {
      expect(await send(`GET ${route}`, headers)).toBe(403);
    }
    for (const route of routes)
      expect(await send(`POST ${route}`, { ...headers, "content-type": "text/plain" }, body)).toBe(403);
  }
});

test("a WebSocket is never opened, whoever asks", async () => {
  const upgrade = {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
  };
  for (const route of [...routes, "/", "/health"]) {
    expect(await send(`GET ${route}`, { ...upgrade, origin: evil })).toBe(403);
    expect(await send(`GET ${route}`, upgrade)).not.toBe(101);
  }
});

test("an EventSource", async () => {
  const headers = { accept: "text/event-stream", "cache-control": "no-cache", origin: evil };
  for (const route of [...routes, "/v1/responses/resp_1?stream=true"])
    expect(await send(`GET ${route}`, headers)).toBe(403);
});

describe("a preflight", () => {
  test.each(["GET", "POST", "DELETE"])("for %s is refused, also into the private network", async (method) => {
    for (const route of [...routes, "/v1/models", "/health"]) {
      const asked = {
        "access-control-request-method": method,
        "access-control-request-headers": "content-type,x-api-key",
      };
      expect(await send(`OPTIONS ${route}`, { origin: evil, ...asked })).toBe(403);
      expect(
        await send(`OPTIONS ${route}`, { origin: evil, "access-control-request-private-network": "true", ...asked }),
      ).toBe(403);
    }
  });
});

test("and the user's own program is served", async () => {
  const reply = await sluice.post("/v1/messages", JSON.parse(body) as object);
  expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining("for no page")]);
});
