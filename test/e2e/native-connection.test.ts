/** Native mode's way to the upstream: connections, their time limits, certificates, and proxies. */

import { describe, expect, test } from "bun:test";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { Reachability } from "../../src/engine/anthropic/reachability.ts";
import { startCommand } from "../support/command.ts";
import { eventually } from "../support/environment.ts";
import { stall } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";
import { authority, certificate } from "../support/tls.ts";

const asked = { model: "claude-sonnet-5", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };
const start = (...args: string[]) => startSluice({ args: ["--mode", "native", ...args] });

/** The error of an answer, with its status. */
async function errorOf(response: Response): Promise<{ status: number; type: string; message: string }> {
  const { error } = (await response.json()) as { error: { type: string; message: string } };
  return { status: response.status, ...error };
}

async function listening(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  server.close();
  return port;
}

const answer = JSON.stringify({ type: "message", content: [], usage: { input_tokens: 1, output_tokens: 1 } });
const whole = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${answer.length}\r\n\r\n${answer}`;

describe("a connection", () => {
  test("is kept for the next request", async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("data", () => socket.write(whole));
    });
    await using sluice = await start("--upstream", `http://127.0.0.1:${await listening(server)}`);
    for (let n = 0; n < 5; n++) expect((await sluice.post("/v1/messages", asked)).status).toBe(200);
    // The other one only showed that connections come about.
    expect(sockets.size).toBeLessThanOrEqual(2);
    server.close();
  });

  test("that does not come about is tried again, and then told", async () => {
    const port = await freePort();
    await using sluice = await start("--upstream", `http://127.0.0.1:${port}`);
    expect(await errorOf(await sluice.post("/v1/messages", asked))).toEqual({
      status: 502,
      type: "api_error",
      message: `The upstream http://127.0.0.1:${port} can't be reached (ECONNREFUSED): check --upstream and the network.`,
    });
    const server = createServer((socket) => socket.on("data", () => socket.write(whole)));
    const asking = sluice.post("/v1/messages", asked);
    await Bun.sleep(50);
    await listening(server, port);
    expect((await asking).status).toBe(200);
    server.close();
  });

  test("that breaks once a request was sent is not tried again", async () => {
    let requests = 0;
    const server = createServer((socket) => {
      socket.on("data", () => {
        requests++;
        if (requests === 1) socket.write(whole);
        else socket.destroy();
      });
    });
    await using sluice = await start("--upstream", `http://127.0.0.1:${await listening(server)}`);
    expect((await sluice.post("/v1/messages", asked)).status).toBe(200);
    for (const path of ["/v1/messages", "/v1/chat/completions"]) {
      requests = 1;
      const { status, message } = await errorOf(await sluice.post(path, asked));
      expect([status, message]).toEqual([502, "The connection to the upstream broke (ECONNRESET)."]);
      expect(requests).toBe(2);
    }
    server.close();
  });

  test("that does not come about in time is given up", async () => {
    await using deaf = await startDeaf();
    await using sluice = await start("--upstream", deaf.url, "--connect-timeout", "300ms");
    for (const path of ["/v1/messages", "/v1/chat/completions"]) {
      const { status, message } = await errorOf(await sluice.post(path, asked));
      expect(status).toBe(504);
      expect(message).toBe(`No connection to the upstream ${deaf.url} came about within 0.3 s.`);
    }
  });

  test("that does not come about fails no request that is over", async () => {
    await using deaf = await startDeaf();
    const reachability = new Reachability(deaf.url, 300, {});
    const [over, waits] = [new AbortController(), new AbortController()];
    reachability.watch(over);
    reachability.watch(waits);
    reachability.unwatch(over);
    await eventually(() => waits.signal.aborted);
    expect(over.signal.aborted).toBe(false);
  });
});

/** A listener that never accepts: its queue is full, so that a connection neither comes about nor is refused. */
async function startDeaf() {
  const script = `const server = require("node:net").createServer();
    server.listen(0, "127.0.0.1", () => {
      require("node:fs").writeSync(1, String(server.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    });`;
  const listener = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
  const { value } = await listener.stdout.getReader().read();
  const port = Number(new TextDecoder().decode(value));
  const sockets: Socket[] = [];
  const connects = () => {
    const socket = connect(port, "127.0.0.1").on("error", () => {});
    sockets.push(socket);
    return Promise.race([new Promise((resolve) => socket.on("connect", () => resolve(true))), Bun.sleep(500)]);
  };
  while (sockets.length < 5000 && (await connects()));
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      listener.kill("SIGKILL");
      await listener.exited;
    },
  };
}

describe("an upstream", () => {
  test("that does not begin to answer is given up", async () => {
    await using sluice = await start("--first-byte-timeout", "300ms");
    sluice.mock.respond(() => new Promise(() => {}));
    for (const path of ["/v1/messages", "/v1/chat/completions"]) {
      const { status, message } = await errorOf(await sluice.post(path, asked));
      expect([status, message]).toEqual([504, "The upstream did not begin to answer within 0.3 s."]);
    }
    for (const { closed } of sluice.mock.requests) await closed;
  });

  test("that goes silent behind a client of OpenAI's is given up too", async () => {
    await using sluice = await start("--stall-timeout", "300ms");
    sluice.mock.respond(() => stall(5));
    const response = await sluice.post("/v1/chat/completions", { ...asked, stream: true });
    expect(await response.text()).toContain("The upstream was silent for 0.3 s");
  });

  test.each(["/v1/messages", "/v1/chat/completions"])("is told of without a secret: %s", async (path) => {
    const args = ["--mode", "native", "--stall-timeout", "300ms"];
    await using sluice = await startSluice({ args, env: { BUILD_TOKEN: "in the middle" } });
    sluice.mock.respond(() => stall(5));
    const response = await sluice.post(path, { ...asked, stream: true });
    expect(await response.text()).toContain("The upstream was silent for 0.3 s [redacted] of its answer.");
  });
});

/** A Sluice as a process of its own: Bun reads certificates and proxies when it starts. */
async function startProgram(upstream: string, env: Record<string, string>) {
  const command = await startCommand(["serve", "--mode", "native", "--port", "0", "--upstream", upstream], { env });
  const [, url = ""] = await command.until(/listening on (http:\S+)/);
  const post = () =>
    fetch(`${url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(asked),
    });
  return { post, [Symbol.asyncDispose]: () => command[Symbol.asyncDispose]() };
}

describe("TLS", () => {
  const secure = () => Bun.serve({ port: 0, tls: certificate, fetch: () => new Response(answer) });

  test("an authority that the user names is trusted, others are not", async () => {
    using server = secure();
    const upstream = `https://localhost:${server.port}`;
    await using trusting = await startProgram(upstream, { NODE_EXTRA_CA_CERTS: authority });
    expect(await (await trusting.post()).text()).toBe(answer);
    await using other = await startProgram(upstream, {});
    const { status, message } = await errorOf(await other.post());
    expect(status).toBe(502);
    expect(message).toMatch(/is not trusted \(\w+\): .*NODE_EXTRA_CA_CERTS/);
  });

  test("the check can't be switched off, and the name must fit", async () => {
    using server = secure();
    await using lax = await startProgram(`https://localhost:${server.port}`, { NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    expect((await lax.post()).status).toBe(502);
    const env = { NODE_EXTRA_CA_CERTS: authority };
    await using misnamed = await startProgram(`https://ip6-localhost:${server.port}`, env);
    expect((await misnamed.post()).status).toBe(502);
  });
});

describe("a proxy", () => {
  test("of HTTPS_PROXY is asked for a tunnel, but not for what NO_PROXY names", async () => {
    using server = Bun.serve({ port: 0, tls: certificate, fetch: () => new Response(answer) });
    const asks: string[] = [];
    const proxy = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", (data) => {
        asks.push(data.toString().split("\r\n")[0] ?? "");
        const far = connect(server.port ?? 0, "127.0.0.1", () => {
          socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
          socket.pipe(far).pipe(socket);
        });
        far.on("error", () => socket.destroy());
      });
    });
    const port = await listening(proxy);
    const env = { NODE_EXTRA_CA_CERTS: authority, HTTPS_PROXY: `http://127.0.0.1:${port}` };
    // A name that only the proxy knows.
    await using behind = await startProgram("https://upstream.test", env);
    expect(await (await behind.post()).text()).toBe(answer);
    expect(asks).toEqual(["CONNECT upstream.test:443 HTTP/1.1"]);
    await using direct = await startProgram(`https://localhost:${server.port}`, { ...env, NO_PROXY: "localhost" });
    expect(await (await direct.post()).text()).toBe(answer);
    await eventually(() => asks.length === 1);
    proxy.close();
  });
});
