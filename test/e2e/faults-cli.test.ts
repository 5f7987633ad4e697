/** The CLI at fault, in front of the built executable: what the client and the log are told, and that nothing is left. */

import { beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { buildBinary, type RunningBinary, startBinary } from "../support/binary.ts";
import { eventually, isRunning, temporaryFolder } from "../support/environment.ts";
import {
  answer,
  endless,
  exit,
  fakeClaude,
  grandchild,
  hang,
  journal,
  raw,
  resultLine,
  type Script,
  type Step,
  until,
} from "../support/fake-claude.ts";
import { text, toolUse } from "../support/mock-replies.ts";

beforeAll(buildBinary, 120_000);

interface Message {
  role: "user" | "assistant";
  content: unknown;
}

const user = (content: unknown): Message => ({ role: "user", content });
const assistant = (content: unknown): Message => ({ role: "assistant", content });

interface Stage {
  sluice: RunningBinary;
  claude: string;
  /** One request; what came back, with the body as text. */
  ask(messages: Message[], more?: object): Promise<{ status: number; headers: Headers; body: string }>;
  /** The process that was sent these words, once it was. */
  reader(words: string): Promise<number>;
}

/** A Sluice in front of a fake: the first process follows the script, those after it answer with an echo. */
async function onStage(script: Script, args: string[], play: (stage: Stage) => Promise<void>): Promise<void> {
  await using folder = await temporaryFolder();
  const claude = await fakeClaude([script, {}], folder.path);
  await using sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude, args });
  await play({
    sluice,
    claude,
    ask: async (messages, more = {}) => {
      const response = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages, ...more });
      return { status: response.status, headers: response.headers, body: await response.text() };
    },
    reader: (words) =>
      eventually(async () => {
        const lines = (await journal(claude)).filter((entry) => entry.event === "line");
        return lines.find(({ line }) => line["type"] === "user" && JSON.stringify(line).includes(words))?.pid;
      }),
  });
  expect(await sluice.stop()).toBe(0);
}

/** The advice about another try: nothing in the headers forbids one, or something does. */
const advice = ({ headers }: { headers: Headers }) => [headers.get("retry-after"), headers.get("x-should-retry")];

const someWords = until("content_block_delta", answer(text("half and half")));
/** It says half of an answer, then starts a process by which this is seen, and no more. */
const half: Step[] = [...someWords, grandchild(600), hang];
const halfSaid = (sluice: RunningBinary) =>
  eventually(() => sluice.children().some(({ command }) => command === "sleep 600"));
const tools = [{ name: "f", input_schema: { type: "object" } }];
const call = { type: "tool_use", id: "toolu_1", name: "f", input: {} };
const result = { type: "tool_result", tool_use_id: "toolu_1", content: "r" };

/** What happens to a process in a state, and what becomes of the request that needs it. */
type State = [name: string, script: Script, play: (stage: Stage, hit: (pid: number) => void) => Promise<void>];

const states = (signal: "SIGKILL" | "SIGSTOP", type: string, status: number): State[] => [
  [
    "while it is a spare",
    {},
    async ({ sluice, ask }, hit) => {
      const [spare] = await eventually(() => sluice.children().filter(({ parent }) => parent === sluice.pid));
      hit(spare?.pid ?? 0);
      expect((await ask([user("one")])).body).toContain("You said: one");
    },
  ],
  [
    "before its first word",
    { turns: [[hang]] },
    async ({ sluice, ask, reader }, hit) => {
      const asked = ask([user("one")]);
      hit(await reader("one"));
      expect((await asked).body).toContain("You said: one");
      await sluice.logged({ level: "warn", msg: "A Claude Code process was lost; the request is tried again" });
    },
  ],
  [
    "in the middle of a stream",
    { turns: [half] },
    async ({ sluice, ask, reader }, hit) => {
      const asked = ask([user("one")], { stream: true });
      await halfSaid(sluice);
      hit(await reader("one"));
      const { status: streamed, body } = await asked;
      expect([streamed, body.match(/^event: message_start$/gm)?.length]).toEqual([200, 1]);
      expect(body).toContain("half");
      expect(body).toMatch(new RegExp(`event: error\ndata: {"type":"error","error":{"type":"${type}"[^\n]*\n\n$`));
      expect(body).not.toContain("message_stop");
      await sluice.logged({ level: "error", msg: "POST /v1/messages", error: status === 502 ? "upstream" : "timeout" });
      expect((await ask([user("two")])).body).toContain("You said: two");
    },
  ],
  [
    "in the middle of a whole answer",
    { turns: [half] },
    async ({ sluice, ask, reader }, hit) => {
      const asked = ask([user("one")]);
      await halfSaid(sluice);
      hit(await reader("one"));
      const told = await asked;
      expect([told.status, ...advice(told)]).toEqual([status, "5", null]);
      expect(JSON.parse(told.body)).toMatchObject({ type: "error", error: { type } });
      expect((await ask([user("two")])).body).toContain("You said: two");
    },
  ],
  [
    "while it waits for the client's tools",
    { turns: [[...until("message_stop", answer(toolUse([{ ...call, name: "f" }]))), hang]] },
    async ({ ask, reader }, hit) => {
      expect((await ask([user("one")], { tools })).body).toContain("toolu_1");
      hit(await reader("one"));
      const { headers, body } = await ask([user("one"), assistant([call]), user([result])], { tools });
      expect(headers.get("x-sluice-way")).toBe("replay");
      expect(body).toContain("You said:");
    },
  ],
  [
    "while it keeps a conversation",
    {},
    async ({ ask, reader }, hit) => {
      expect((await ask([user("one")])).body).toContain("You said: one");
      hit(await reader("one"));
      const { headers, body } = await ask([user("one"), assistant("You said: one"), user("two")]);
      expect(headers.get("x-sluice-way")).toBe("replay");
      expect(body).toContain("You said: two");
    },
  ],
];

describe("a process is killed", () => {
  test.each(states("SIGKILL", "api_error", 502))("%s", (_, script, play) =>
    onStage(script, ["--max-processes", "4"], (stage) => play(stage, (pid) => process.kill(pid, "SIGKILL"))),
  );
});

describe("a process is stopped, and says nothing any more", () => {
  const stop = (pid: number) => {
    try {
      process.kill(pid, "SIGSTOP");
    } catch (error) {
      // On a busy machine it may have been silent for too long already, which comes to the same.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  };
  test.each(states("SIGSTOP", "timeout_error", 504))("%s", (_, script, play) =>
    onStage(script, ["--stall-timeout", "2s", "--max-processes", "4"], (stage) => play(stage, stop)),
  );
});

describe("a CLI that misbehaves", () => {
  test("says nothing at its start", async () => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude({ startup: [hang] }, folder.path);
    const args = ["--stall-timeout", "1s"];
    await using sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude, args });
    const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages: [user("one")] });
    expect([reply.status, ...advice(reply)]).toEqual([504, "5", null]);
    expect(await reply.text()).toContain("Claude Code did not start within 1 s.");
  });

  test("prints noise among its lines", () =>
    onStage(
      {
        turns: [
          [
            raw('Warning: old\n{oops}\n\n[1,2]\n"text"\nnull\n7\n{}\n{"type":5}\n\x1b[31mred\x1b[0m\n\xff\0\n'),
            ...answer(text("All is well.")),
          ],
        ],
      },
      ["--log-level", "debug"],
      async ({ sluice, ask }) => {
        expect((await ask([user("one")])).body).toContain('"text":"All is well."');
        await sluice.logged({ level: "debug", msg: "Claude Code printed a line that is no JSON" }, 3);
        // It may be of a prompt.
        expect(sluice.output()).not.toMatch(/Warning: old|oops/);
        expect(sluice.output()).not.toContain("\x1b");
      },
    ));

  test("prints a line without an end", () =>
    onStage({ turns: [[endless]] }, [], async ({ sluice, ask }) => {
      expect((await ask([user("one")])).body).toContain("You said: one");
      await sluice.logged({ level: "warn", reason: "sent a line of more than 67108864 bytes" });
    }));

  test("ends with 0 and without a result", () =>
    onStage({ turns: [[exit(0)]] }, [], async ({ sluice, ask }) => {
      expect((await ask([user("one")])).body).toContain("You said: one");
      await sluice.logged({ level: "warn", reason: "Claude Code ended with exit code 0 in the middle of a turn" });
    }));

  test("ends with 0 and without a result, every time", async () => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude({ turns: [[exit(0)]] }, folder.path);
    await using sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude });
    const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages: [user("one")] });
    expect([reply.status, ...advice(reply)]).toEqual([502, "5", null]);
    expect(await reply.json()).toMatchObject({ error: { type: "api_error" } });
    const starts = (await journal(claude)).filter((entry) => entry.event === "line" && entry.line["type"] === "user");
    expect(starts).toHaveLength(3);
  });

  test("closes its turn without a word", () =>
    onStage({ turns: [[resultLine({ result: "" })]] }, [], async ({ ask }) => {
      const told = await ask([user("one")]);
      expect([told.status, ...advice(told)]).toEqual([502, "5", null]);
      expect(told.body).toContain("ended the turn without an answer and gave no reason");
    }));

  test("ignores SIGTERM", () =>
    onStage({ turns: [half], ignoreSigterm: true }, [], async ({ sluice, claude, reader }) => {
      const client = new AbortController();
      const body = { model: "sonnet", max_tokens: 9, messages: [user("one")] };
      const left = sluice.post("/v1/messages", body, { signal: client.signal }).catch((error: Error) => error.name);
      await halfSaid(sluice);
      client.abort();
      expect(await left).toBe("AbortError");
      const pid = await reader("one");
      await eventually(() => !isRunning(pid) && sluice.children().every(({ command }) => command !== "sleep 600"));
      expect((await journal(claude)).filter((entry) => entry.event === "signal" && entry.pid === pid)).toHaveLength(1);
    }));

  test("ends, and leaves a process behind that holds its stdout open", () =>
    onStage({ turns: [[...answer(text("Done.")), grandchild(600), exit(0)]] }, [], async ({ sluice, ask, reader }) => {
      expect((await ask([user("one")])).body).toContain('"text":"Done."');
      const pid = await reader("one");
      await eventually(() => !isRunning(pid));
      await eventually(() => sluice.children().every(({ command }) => command !== "sleep 600"));
      const { headers, body } = await ask([user("one"), assistant("Done."), user("two")]);
      expect([headers.get("x-sluice-way"), body]).toEqual(["replay", expect.stringContaining("You said: two")]);
    }));

  test("hangs, with a command of its own that runs on in a session of its own", async () => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude(
      { turns: [[...someWords, grandchild(600, { session: true }), hang]], ignoreSigterm: true },
      folder.path,
    );
    const args = ["--agent", "--cwd", folder.path];
    await using sluice = await startBinary(folder.path, { url: "http://127.0.0.1:9" }, { claude, args });
    const client = new AbortController();
    const body = { model: "agent/sonnet", max_tokens: 9, messages: [user("one")] };
    const left = sluice.post("/v1/messages", body, { signal: client.signal }).catch((error: Error) => error.name);
    await halfSaid(sluice);
    client.abort();
    expect(await left).toBe("AbortError");
    await eventually(() => sluice.children().every(({ command }) => command !== "sleep 600"));
  });

  test("is gone from the disk while Sluice runs", () =>
    onStage({}, ["--spares", "0"], async ({ claude, ask }) => {
      rmSync(claude);
      const told = await ask([user("one")]);
      expect([told.status, ...advice(told)]).toEqual([500, null, "false"]);
      expect(told.body).toContain(`There is no ${claude}: give the path of Claude Code with --claude PATH.`);
    }));
});
