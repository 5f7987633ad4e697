/** The client at fault, before the built executable: gone, slow, impatient, or many that say nothing. */

import { beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { buildBinary, type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, isRunning, temporaryFolder } from "../support/environment.ts";
import { answer, endlessText, fakeClaude, hang, journal, type Script, until } from "../support/fake-claude.ts";
import { text, toolUse } from "../support/mock-replies.ts";

beforeAll(buildBinary, 120_000);

interface Stage {
  sluice: RunningBinary;
  /** A connection of this test's own. */
  dial(): Promise<Client>;
  /** The process that was sent these words, once it was. */
  reader(words: string): Promise<number>;
  /** What `/health` tells of the pool. */
  pool(): Promise<{ processes: number; waiting: number; live: number; parked: number }>;
}

interface Client extends Disposable {
  socket: Socket;
  received(): string;
  closed(): boolean;
}

/** A Sluice in front of a fake: the first process follows the script, those after it answer with an echo. */
async function onStage(script: Script, args: string[], play: (stage: Stage) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude([script, {}], folder.path);
  await using sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude, args });
  await play({
    sluice,
    dial: () => dial(sluice.port),
    reader: (words) =>
      eventually(async () => {
        const lines = (await journal(claude)).filter((entry) => entry.event === "line");
        return lines.find(({ line }) => line["type"] === "user" && JSON.stringify(line).includes(words))?.pid;
      }),
    pool: async () => ((await (await fetch(`${sluice.url}/health`)).json()) as { detail: never }).detail,
  });
  // Whatever the client did, the next one is served.
  const reply = await sluice.post("/v1/messages", request("after all that"));
  expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining("You said: after all that")]);
  expect(await sluice.stop()).toBe(0);
}

async function dial(port: number): Promise<Client> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  let closed = false;
  socket.on("data", (data) => (received += data.toString("latin1"))).on("error", () => {});
  socket.on("close", () => (closed = true)).on("end", () => (closed = true));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, received: () => received, closed: () => closed, [Symbol.dispose]: () => void socket.destroy() };
}

function request(words: string, more: object = {}): object {
  return { model: "sonnet", max_tokens: 9, messages: [{ role: "user", content: words }], ...more };
}

/** The same, as it is on the wire. */
function wire(words: string, more: object = {}): string {
  const body = JSON.stringify(request(words, more));
  const head = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

const half = [...until("content_block_delta", answer(text("half and half"))), hang];

describe("a client that is gone", () => {
  test("while it sends its request", () =>
    onStage({}, [], async ({ dial, pool }) => {
      using client = await dial();
      client.socket.write(wire("one").slice(0, -20));
      await Bun.sleep(100);
      client.socket.destroy();
      expect(await pool()).toMatchObject({ live: 0, waiting: 0 });
    }));

  test("while it waits for a place", () =>
    onStage({ turns: [half] }, ["--max-processes", "1"], async ({ dial, reader, pool }) => {
      using first = await dial();
      using second = await dial();
      first.socket.write(wire("one"));
      await reader("one");
      second.socket.write(wire("two"));
      await eventually(async () => (await pool()).waiting === 1);
      second.socket.destroy();
      await eventually(async () => (await pool()).waiting === 0);
    }));

  test.each([
    ["before the first word", [hang]],
    ["in the middle of the answer", half],
  ])("%s", (_, turn) =>
    onStage({ turns: [turn] }, [], async ({ dial, reader }) => {
      using client = await dial();
      client.socket.write(wire("one", { stream: true }));
      const pid = await reader("one");
      if (turn === half) await eventually(() => client.received().includes("half"));
      client.socket.destroy();
      await eventually(() => !isRunning(pid));
    }),
  );

  test("while its tools are waited for", () => {
    const parked = [...until("message_stop", answer(toolUse([{ name: "f", input: {} }]))), hang];
    return onStage({ turns: [parked] }, ["--park-ttl", "500ms"], async ({ dial, reader, pool }) => {
      using client = await dial();
      client.socket.write(wire("one", { tools: [{ name: "f", input_schema: { type: "object" } }] }));
      await eventually(() => client.received().includes("tool_use"));
      client.socket.destroy();
      const pid = await reader("one");
      await eventually(() => !isRunning(pid));
      expect((await pool()).parked).toBe(0);
    });
  });

  test("half: it says no more, and so is taken for gone", () =>
    onStage({ turns: [half] }, [], async ({ dial, reader }) => {
      using client = await dial();
      client.socket.write(wire("one", { stream: true }));
      const pid = await reader("one");
      client.socket.end();
      await eventually(() => !isRunning(pid));
      await eventually(client.closed);
      expect(client.received()).not.toContain("message_stop");
    }));
});

test("a client that reads nothing: memory stays bounded, and the CLI is made to wait", () => {
  const turn = [...until("content_block_start", answer(text("x"))), endlessText];
  return onStage({ turns: [turn] }, [], async ({ sluice, dial, reader }) => {
    using client = await dial();
    const before = residentMemory(sluice.pid);
    client.socket.once("data", () => client.socket.pause());
    client.socket.write(wire("one", { stream: true, max_tokens: 1e9 }));
    const pid = await reader("one");
    await eventually(() => client.socket.isPaused());
    // It would print for ever, as fast as it can.
    const worked = await eventually(async () => {
      const ticks = processorTime(pid);
      await Bun.sleep(400);
      return processorTime(pid) === ticks ? ticks : 0;
    });
    expect(residentMemory(sluice.pid) - before).toBeLessThan(150e6);
    const received = client.received().length;
    client.socket.resume();
    await eventually(() => processorTime(pid) > worked && client.received().length > received + 10e6);
    client.socket.destroy();
    await eventually(() => !isRunning(pid));
  });
});

test("a client that sends its next request before it has the answer: both end, and neither gets the other's", () =>
  onStage({ turns: [half] }, [], async ({ dial, reader }) => {
    using client = await dial();
    client.socket.write(wire("one"));
    const pid = await reader("one");
    client.socket.write(wire("two"));
    await eventually(client.closed);
    expect(client.received()).toBe("");
    await eventually(() => !isRunning(pid));
  }));

const crowd = 10_000;

test("10,000 clients that keep their connections and say nothing", () =>
  onStage({}, ["--log-level", "warn"], async ({ sluice }) => {
    const before = { memory: residentMemory(sluice.pid), files: openFiles(sluice.pid) };
    const sockets: Bun.Socket[] = [];
    const join = () => {
      const answered = Promise.withResolvers<void>();
      void Bun.connect({
        hostname: "127.0.0.1",
        port: sluice.port,
        socket: {
          open: (socket) =>
            void (sockets.push(socket), socket.write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")),
          data: () => answered.resolve(),
        },
      }).catch(answered.reject);
      return answered.promise;
    };
    while (sockets.length < crowd) await Promise.all(Array.from({ length: 50 }, join));
    expect(openFiles(sluice.pid) - before.files).toBeGreaterThanOrEqual(crowd);
    expect(residentMemory(sluice.pid) - before.memory).toBeLessThan(150e6);
    const reply = await sluice.post("/v1/messages", request("one"));
    expect([reply.status, await reply.text()]).toEqual([200, expect.stringContaining("You said: one")]);
    for (const socket of sockets) socket.end();
    await eventually(() => openFiles(sluice.pid) < before.files + 100);
  }));

function residentMemory(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
}

/** What a process has had of the processor, in ticks. */
function processorTime(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 13);
  return Number(user) + Number(system);
}

function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}
