/** However Sluice ends, what it started ends with it. */

import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import {
  cleanEnvironment,
  eventually,
  isRunning,
  processesWith,
  realClaude,
  temporaryFolder,
} from "../support/environment.ts";
import { fakeClaude, hang, journal } from "../support/fake-claude.ts";
import { type Mock, stall, startMock, text, toolUse } from "../support/mock-anthropic.ts";

const main = resolve(import.meta.dir, "../../src/main.ts");

interface Run {
  url: string;
  pid: number;
  marker: string;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<number>;
  output(): string;
}

/** Starts `sluice serve` as a process of its own. */
async function serve(home: string, mock: Mock, claude: string, args: string[] = []): Promise<Run> {
  const marker = crypto.randomUUID();
  const sluice = Bun.spawn(
    [process.execPath, main, "--port", "0", "--claude", claude, "--pass-env", "SLUICE_TEST", ...args],
    { cwd: home, env: cleanEnvironment({ home, baseUrl: mock.url, marker }), stdout: "pipe", stderr: "pipe" },
  );
  let printed = "";
  for (const stream of [sluice.stdout, sluice.stderr]) {
    void (async () => {
      const decoder = new TextDecoder();
      for await (const chunk of stream) printed += decoder.decode(chunk, { stream: true });
    })();
  }
  const url = await eventually(() => /listening on (http:\S+)/.exec(printed)?.[1]);
  await eventually(() => printed.includes("For your clients"));
  const { pid, exited } = sluice;
  return { url, pid, marker, exited, kill: (signal) => sluice.kill(signal), output: () => printed };
}

function post(run: Run, body: object): Promise<Response> {
  return fetch(`${run.url}/v1/messages`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "sonnet", max_tokens: 50, messages: [{ role: "user", content: "Hello" }], ...body }),
  });
}

describe("killed by SIGKILL", () => {
  test("with a spare, a live, a parked and a running process: all gone", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    const run = await serve(folder.path, mock, realClaude);
    await post(run, {});
    mock.respond(() => toolUse([{ name: "f", input: {} }]));
    await post(run, { tools: [{ name: "f", input_schema: { type: "object" } }] });
    mock.respond(() => stall(5));
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => {});
    await mock.waitFor(3);
    await eventually(() => processesWith(run.marker).length >= 4);
    run.kill("SIGKILL");
    await running;
    await eventually(() => processesWith(run.marker).length === 0);
  });

  test("with an agent's shell command running: the command is gone too", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    const args = ["--agent", "--allowed-tools", "Bash", "--cwd", folder.path];
    const run = await serve(folder.path, mock, realClaude, args);
    mock.respond(() =>
      toolUse([{ name: "Bash", input: { command: "sleep 400", description: "d", timeout: 600_000 } }]),
    );
    const running = post(run, { model: "agent/sonnet" }).catch(() => {});
    await eventually(() => processesWith(run.marker).some(({ command }) => command === "sleep 400"));
    run.kill("SIGKILL");
    await running;
    await eventually(() => processesWith(run.marker).length === 0);
  });

  test("what does not end by itself is ended by the next start", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    const stubborn = await fakeClaude({ ignoreSigterm: true, turns: [[hang]] }, folder.path);
    const first = await serve(folder.path, mock, stubborn);
    const running = post(first, {}).catch(() => {});
    await eventually(async () =>
      (await journal(stubborn)).some(
        ({ event, ...entry }) => event === "line" && JSON.stringify(entry).includes("Hello"),
      ),
    );
    const left = processesWith(first.marker).filter(({ pid }) => pid !== first.pid);
    expect(left.length).toBeGreaterThan(0);
    first.kill("SIGKILL");
    await running;
    await first.exited;

    const second = await serve(folder.path, mock, realClaude);
    await eventually(() => left.every(({ pid }) => !isRunning(pid)));
    second.kill("SIGTERM");
    expect(await second.exited).toBe(0);
  });
});

/** Whether it takes no requests any more: asked for what it answers at once, however the upstream stalls. */
function takesNothing({ url }: { url: string }): Promise<boolean> {
  return fetch(`${url}/health`).then(
    () => false,
    () => true,
  );
}

describe("told to stop", () => {
  test("SIGTERM lets a running answer end, and takes no new request", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    mock.respond(() => text("a long answer that takes its time", { chunks: 30, delayMs: 40 }));
    const run = await serve(folder.path, mock, realClaude);
    const running = post(run, { stream: true }).then((response) => response.text());
    await mock.waitFor(1);
    run.kill("SIGTERM");
    await eventually(() => takesNothing(run));
    expect(await running).toContain("message_stop");
    expect(await run.exited).toBe(0);
    expect(processesWith(run.marker)).toEqual([]);
  });

  test("after --drain-timeout what still runs is ended, with an error in the stream", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    mock.respond(() => stall(5));
    const run = await serve(folder.path, mock, realClaude, ["--drain-timeout", "300ms"]);
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => "");
    await mock.waitFor(1);
    run.kill("SIGTERM");
    expect(await run.exited).toBe(0);
    await running;
    await eventually(() => processesWith(run.marker).length === 0);
  });

  test("a second SIGTERM ends it at once", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    mock.respond(() => stall(5));
    const run = await serve(folder.path, mock, realClaude, ["--drain-timeout", "1h"]);
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => "");
    await mock.waitFor(1);
    run.kill("SIGTERM");
    await eventually(() => takesNothing(run));
    run.kill("SIGTERM");
    await run.exited;
    await running;
    await eventually(() => processesWith(run.marker).length === 0);
  });
});
