/** However Sluice ends, what it started ends with it. */

import { beforeAll, describe, expect, test } from "bun:test";
import { buildBinary, type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, isRunning, temporaryFolder } from "../support/environment.ts";
import { fakeClaude, hang, journal } from "../support/fake-claude.ts";
import { stall, startMock, text, toolUse } from "../support/mock-anthropic.ts";

beforeAll(buildBinary, 120_000);

function post(run: RunningBinary, body: object): Promise<Response> {
  const messages = [{ role: "user", content: "Hello" }];
  return run.post("/v1/messages", { model: "sonnet", max_tokens: 50, messages, ...body });
}

describe("killed by SIGKILL", () => {
  test("with a spare, a live, a parked, a bound and a running process: all gone", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    await using run = await startBinary(folder.path, mock);
    await post(run, {});
    mock.respond(() => toolUse([{ name: "f", input: {} }]));
    await post(run, { tools: [{ name: "f", input_schema: { type: "object" } }] });
    mock.respond((_, __, n) => stall(n === 3 ? 0 : 5));
    const bound = post(run, {}).catch(() => {});
    await mock.waitFor(3);
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => {});
    await mock.waitFor(4);
    await eventually(() => run.children().length >= 5);
    run.kill("SIGKILL");
    await Promise.all([bound, running]);
    await eventually(() => run.children().length === 0);
  });

  test("with an agent's shell command running: the command is gone too", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    const args = ["--agent", "--allowed-tools", "Bash", "--cwd", folder.path];
    await using run = await startBinary(folder.path, mock, { args });
    mock.respond(() =>
      toolUse([{ name: "Bash", input: { command: "sleep 400", description: "d", timeout: 600_000 } }]),
    );
    const running = post(run, { model: "agent/sonnet" }).catch(() => {});
    await eventually(() => run.children().some(({ command }) => command === "sleep 400"));
    run.kill("SIGKILL");
    await running;
    await eventually(() => run.children().length === 0);
  });

  test("what does not end by itself is ended by the next start", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    const stubborn = await fakeClaude({ ignoreSigterm: true, turns: [[hang]] }, folder.path);
    await using first = await startBinary(folder.path, mock, { claude: stubborn });
    const running = post(first, {}).catch(() => {});
    await eventually(async () =>
      (await journal(stubborn)).some(
        ({ event, ...entry }) => event === "line" && JSON.stringify(entry).includes("Hello"),
      ),
    );
    const left = first.children();
    expect(left.length).toBeGreaterThan(0);
    first.kill("SIGKILL");
    await running;
    await first.exited;

    await using second = await startBinary(folder.path, mock);
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
    await using run = await startBinary(folder.path, mock);
    const running = post(run, { stream: true }).then((response) => response.text());
    await mock.waitFor(1);
    run.kill("SIGTERM");
    await eventually(() => takesNothing(run));
    expect(await running).toContain("message_stop");
    expect(await run.exited).toBe(0);
    expect(run.children()).toEqual([]);
  });

  test("after --drain-timeout what still runs is ended, with an error in the stream", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    mock.respond(() => stall(5));
    await using run = await startBinary(folder.path, mock, { args: ["--drain-timeout", "300ms"] });
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => "");
    await mock.waitFor(1);
    run.kill("SIGTERM");
    expect(await run.exited).toBe(0);
    await running;
    await eventually(() => run.children().length === 0);
  });

  test("a second SIGTERM ends it at once", async () => {
    await using folder = await temporaryFolder();
    await using mock = await startMock();
    mock.respond(() => stall(5));
    await using run = await startBinary(folder.path, mock, { args: ["--drain-timeout", "1h"] });
    const running = post(run, { stream: true })
      .then((response) => response.text())
      .catch(() => "");
    await mock.waitFor(1);
    run.kill("SIGTERM");
    await eventually(() => takesNothing(run));
    run.kill("SIGTERM");
    await run.exited;
    await running;
    await eventually(() => run.children().length === 0);
  });
});
