/** Follow-up turns reach the process that holds the conversation; everything else is served from history, and equal. */

import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import type Anthropic from "@anthropic-ai/sdk";
import { loadConfig } from "../../src/config.ts";
import { eventually, type ProcessInfo, realClaude, temporaryFolder } from "../support/environment.ts";
import { answer, fakeClaude } from "../support/fake-claude.ts";
import { cut, lastUserText, stall, text, thinking } from "../support/mock-anthropic.ts";
import { linesIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

type Message = Anthropic.MessageParam;

/** Sends a conversation and gives the way it took with the text of the answer. */
async function ask(
  sluice: TestSluice,
  messages: Message[],
  extra: object = {},
): Promise<{ way: string; said: string }> {
  const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 100, messages, ...extra });
  expect(reply.status).toBe(200);
  const { content } = (await reply.json()) as { content: { type: string; text?: string }[] };
  return { way: reply.headers.get("x-sluice-way") ?? "", said: content.map((block) => block.text ?? "").join("") };
}

async function health(sluice: TestSluice): Promise<{ spares: number; live: number }> {
  return ((await (await fetch(`${sluice.url}/health`)).json()) as { detail: { spares: number; live: number } }).detail;
}

const user = (content: Message["content"]): Message => ({ role: "user", content });
const assistant = (content: Message["content"]): Message => ({ role: "assistant", content });

describe("the next turn", () => {
  test("reaches the same process, with only its new message", async () => {
    await using sluice = await startSluice({ args: ["--spares", "1"] });
    const first = await ask(sluice, [user("one")]);
    expect(first).toEqual({ way: "spare", said: "You said: one" });
    const history = [user("one"), assistant(first.said), user("two")];
    expect(await ask(sluice, history)).toEqual({ way: "live", said: "You said: two" });
    const longer = [...history, assistant("You said: two"), user("three")];
    expect((await ask(sluice, longer)).way).toBe("live");
    expect(sluice.mock.requests).toHaveLength(3);
    expect(linesIn(sluice.mock.requests[2]?.body)).toEqual([
      "user: one",
      "assistant: You said: one",
      "user: two",
      "assistant: You said: two",
      "user: three",
    ]);
  });

  test("may have other sampling, max_tokens, effort and thinking, and nothing of the turn before sticks", async () => {
    await using sluice = await startSluice();
    const messages = [user("one")];
    await ask(sluice, messages, { max_tokens: 11, temperature: 0.5, stop_sequences: ["X"], top_k: 3 });
    messages.push(assistant("You said: one"), user("two"));
    expect((await ask(sluice, messages, { max_tokens: 22, output_config: { effort: "high" } })).way).toBe("live");
    messages.push(assistant("You said: two"), user("three"));
    expect((await ask(sluice, messages, { max_tokens: 5000, thinking: { type: "adaptive" } })).way).toBe("live");
    const [first, second, third] = sluice.mock.requests.map(({ body }) => body);
    expect(first).toMatchObject({ max_tokens: 11, temperature: 0.5, stop_sequences: ["X"], top_k: 3 });
    expect(second).toMatchObject({ max_tokens: 22, output_config: { effort: "high" } });
    for (const field of ["temperature", "stop_sequences", "top_k", "thinking"])
      expect(second).not.toHaveProperty(field);
    expect(third).toMatchObject({ max_tokens: 5000, thinking: { type: "adaptive" } });
  });

  test("an effort that was asked for once does not stay", async () => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")], { output_config: { effort: "max" } });
    await ask(sluice, [user("one"), assistant("You said: one"), user("two")]);
    await ask(sluice, [user("fresh")]);
    const efforts = sluice.mock.requests.map(({ body }) => (body["output_config"] as { effort: string }).effort);
    expect(efforts[0]).toBe("max");
    expect(efforts[1]).toBe(efforts[2] ?? "");
  });

  test.each([
    ["a dropped thought", [{ type: "text", text: "I said it.  " }]],
    ["trimmed blanks", "I said it."],
    [
      "everything as it was",
      [
        { type: "thinking", thinking: "hm", signature: "c2lnbmF0dXJl" },
        { type: "text", text: "I said it.  " },
      ],
    ],
  ] as [string, Message["content"]][])("is found behind an answer with %s", async (_, replayed) => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => thinking("hm", "I said it.  "));
    await ask(sluice, [user("one")], { thinking: { type: "enabled", budget_tokens: 1024 }, max_tokens: 2000 });
    expect((await ask(sluice, [user("one"), assistant(replayed), user("two")])).way).toBe("live");
  });

  test("is found across the two APIs", async () => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")], { system: "S" });
    const messages = [{ role: "system", content: "S" }, user("one"), assistant("You said: one"), user("two")];
    const reply = await sluice.post("/v1/chat/completions", { model: "claude-sonnet-5-5", messages });
    expect(reply.headers.get("x-sluice-way")).toBe("live");
  });

  test.each([
    ["another question before", [user("other"), assistant("You said: one"), user("two")], {}],
    ["an edited answer", [user("one"), assistant("You said: won"), user("two")], {}],
    ["another system prompt", [user("one"), assistant("You said: one"), user("two")], { system: "S" }],
    ["another model", [user("one"), assistant("You said: one"), user("two")], { model: "haiku" }],
    [
      "a tool",
      [user("one"), assistant("You said: one"), user("two")],
      { tools: [{ name: "f", input_schema: { type: "object" } }] },
    ],
    ["a turn in between", [user("zero"), assistant("x"), user("one"), assistant("You said: one"), user("two")], {}],
  ] as [string, Message[], object][])("is another conversation with %s", async (_, messages, extra) => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")]);
    expect((await ask(sluice, messages, extra)).way).toBe("replay");
    expect(linesIn(sluice.mock.requests[1]?.body)).toEqual(messages.map(({ role, content }) => `${role}: ${content}`));
  });

  test("two at once with the same history: one live, one from history, both right", async () => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")]);
    sluice.mock.respond((body) => text(`You said: ${lastUserText(body)}`, { delayMs: 20, chunks: 5 }));
    const branch = (word: string) => ask(sluice, [user("one"), assistant("You said: one"), user(word)]);
    const answers = await Promise.all([branch("left"), branch("right")]);
    expect(answers.map(({ said }) => said)).toEqual(["You said: left", "You said: right"]);
    expect(answers.map(({ way }) => way).sort()).toEqual(["live", "replay"]);
  });

  test("a process that died in the meantime is not missed", async () => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")]);
    for (const { pid } of sluice.processes()) process.kill(pid, "SIGKILL");
    const next = await ask(sluice, [user("one"), assistant("You said: one"), user("two")]);
    expect(next.said).toBe("You said: two");
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("a process that dies before it answers is replaced, once", async () => {
    await using sluice = await startSluice();
    await ask(sluice, [user("one")]);
    let killed = 0;
    sluice.mock.respond(async () => {
      if (killed++ === 0) for (const { pid } of sluice.processes()) process.kill(pid, "SIGKILL");
      return text("here I am");
    });
    const next = await ask(sluice, [user("one"), assistant("You said: one"), user("two")]);
    expect(next).toEqual({ way: "replay", said: "here I am" });
    expect(sluice.logged.join("")).toContain("tried again with another");
  });

  test("an answer that broke off is not continued in its process", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((body, _, n) => (n === 1 ? cut(5) : text(`You said: ${lastUserText(body)}`)));
    const broken = await sluice.post("/v1/messages", {
      model: "sonnet",
      max_tokens: 9,
      stream: true,
      messages: [user("one")],
    });
    expect(await broken.text()).toContain("event: error");
    expect((await ask(sluice, [user("one")])).way).not.toBe("live");
  });
});

describe("a long history", () => {
  const long = (pairs: number): Message[] => [
    ...Array.from({ length: pairs }, (_, n) => [user(`question ${n}`), assistant(`answer ${n}`)]).flat(),
    user("last"),
  ];

  test("comes as a transcript, and reaches the upstream as the same messages", async () => {
    await using sluice = await startSluice();
    // So long that a start from a transcript is faster also on a machine where one takes a minute.
    const messages = long(3000);
    const { way, said } = await ask(sluice, messages, { system: "SYSTEM" });
    expect([way, said]).toEqual(["resume", "You said: last"]);
    expect(linesIn(sluice.mock.requests[0]?.body)).toEqual(messages.map(({ role, content }) => `${role}: ${content}`));
    expect(sluice.mock.requests[0]?.body.system?.at(-1)).toMatchObject({ text: "SYSTEM" });
    // It is live afterwards, like any other.
    expect((await ask(sluice, [...messages, assistant(said), user("more")], { system: "SYSTEM" })).way).toBe("live");
  });

  test("with calls at its end: transcript and replay together", async () => {
    await using sluice = await startSluice();
    const call: Message = assistant([{ type: "tool_use", id: "toolu_1", name: "Read", input: { path: "x" } }]);
    const result: Message = user([{ type: "tool_result", tool_use_id: "toolu_1", content: "r" }]);
    const messages = [...long(3000), call, result];
    const tools = [{ name: "Read", input_schema: { type: "object" } }];
    expect((await ask(sluice, messages, { tools })).way).toBe("resume");
    const roles = linesIn(sluice.mock.requests[0]?.body).slice(-3);
    expect(roles).toEqual(["user: last", "assistant: [tool_use]", "user: [tool_result]"]);
    expect(linesIn(sluice.mock.requests[0]?.body)).toHaveLength(6003);
  });

  test("at most four marks of the cache, one of them on the last user block", async () => {
    await using sluice = await startSluice();
    for (const messages of [[user("one")], long(3), long(300)]) {
      await ask(sluice, messages, { system: [{ type: "text", text: "S", cache_control: { type: "ephemeral" } }] });
      const body = sluice.mock.requests.at(-1)?.body;
      expect(JSON.stringify(body).match(/"cache_control":/g)?.length).toBeLessThanOrEqual(4);
      const last = body?.messages.findLast(({ role }) => role === "user")?.content;
      expect(last?.at(-1)).toHaveProperty("cache_control");
    }
  });
});

/** A client that stops reading after the first bytes. It has a socket of its own, because `fetch` would read ahead. */
function slowClient(sluice: TestSluice) {
  const body = JSON.stringify({ model: "sonnet", max_tokens: 1e6, stream: true, messages: [user("one")] });
  const socket = connect(sluice.server.port, "127.0.0.1");
  let tail = "";
  socket.once("data", () => socket.pause());
  socket.on("data", (data) => (tail = (tail + data).slice(-400)));
  socket.write(`POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`);
  socket.write(`Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
  return { socket, tail: () => tail, [Symbol.dispose]: () => void socket.destroy() };
}

/** Gives a Sluice that runs another configuration. */
async function reload(sluice: TestSluice, ...args: string[]): Promise<void> {
  await using home = await temporaryFolder();
  sluice.server.reload(loadConfig(["--claude", realClaude, ...args], { env: { HOME: home.path } }).config);
}

describe("limits", () => {
  test("a conversation that idles too long is let go, and served from history", async () => {
    await using sluice = await startSluice({ args: ["--idle-ttl", "300ms"] });
    await ask(sluice, [user("one")]);
    await Bun.sleep(600);
    expect((await ask(sluice, [user("one"), assistant("You said: one"), user("two")])).way).toBe("replay");
  });

  describe("change while Sluice runs:", () => {
    test("the time that a conversation may idle", async () => {
      await using sluice = await startSluice();
      await reload(sluice, "--idle-ttl", "300ms");
      await ask(sluice, [user("one")]);
      await eventually(async () => (await health(sluice)).live === 0);
      expect((await ask(sluice, [user("one"), assistant("You said: one"), user("two")])).way).toBe("replay");
    });

    test("the time that the CLI may be silent, also in a conversation that is live", async () => {
      await using sluice = await startSluice();
      await ask(sluice, [user("one")]);
      await reload(sluice, "--stall-timeout", "1s");
      sluice.mock.respond(() => stall(4));
      const messages = [user("one"), assistant("You said: one"), user("two")];
      const reply = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 100, messages, stream: true });
      expect(reply.headers.get("x-sluice-way")).toBe("live");
      expect(await reply.text()).toContain("Claude Code was silent for 1 s");
    });
  });

  test("there are never more processes than allowed; the conversation used least recently gives way", async () => {
    await using sluice = await startSluice({ args: ["--spares", "1", "--max-processes", "3"] });
    for (const word of ["a", "b", "c", "d"]) {
      expect((await ask(sluice, [user(word)])).said).toBe(`You said: ${word}`);
      expect(sluice.processes().length).toBeLessThanOrEqual(3);
    }
    // Full of kept conversations, there is room for a spare all the same.
    await eventually(async () => (await health(sluice)).spares === 1);
    expect((await ask(sluice, [user("e")])).way).toBe("spare");
    const follow = (word: string) => ask(sluice, [user(word), assistant(`You said: ${word}`), user("more")]);
    expect((await follow("e")).way).toBe("live");
    expect((await follow("a")).way).not.toBe("live");
  });

  test("the only process there may be keeps its conversation: it makes way for a request, and for no spare", async () => {
    await using sluice = await startSluice({ args: ["--spares", "1", "--max-processes", "1"] });
    await ask(sluice, [user("a")]);
    const [kept] = sluice.processes();
    // A spare is started when nobody has asked for a second.
    await Bun.sleep(1500);
    expect(sluice.processes()).toEqual([kept as ProcessInfo]);
    expect((await ask(sluice, [user("a"), assistant("You said: a"), user("b")])).way).toBe("live");
    expect((await ask(sluice, [user("c")])).said).toBe("You said: c");
  });

  const burst = async (sluice: TestSluice, size: number) => {
    const questions = Array.from({ length: size }, () => [user(`One of several: ${Math.random()}`)]);
    return (await Promise.all(questions.map((question) => ask(sluice, question)))).map(({ way }) => way).sort();
  };

  test("while it is in use three more spares wait, and as many as a burst lacked, as long as there is room", async () => {
    await using sluice = await startSluice({ args: ["--spares", "1", "--max-processes", "20"] });
    await eventually(async () => (await health(sluice)).spares === 4);
    expect(await burst(sluice, 5)).toEqual(["cold", "spare", "spare", "spare", "spare"]);
    await eventually(async () => (await health(sluice)).spares === 5);
    expect(await burst(sluice, 5)).toEqual(["spare", "spare", "spare", "spare", "spare"]);
  });

  test("at rest one spare is left", async () => {
    const args = ["--spares", "1", "--max-processes", "16"];
    await using sluice = await startSluice({ args });
    await burst(sluice, 3);
    await eventually(async () => (await health(sluice)).spares > 1);
    await reload(sluice, ...args, "--idle-ttl", "1s");
    await ask(sluice, [user("the last")]);
    // For longer than another one would take: where one of two was just taken there is one, too.
    await eventually(async () => {
      for (let time = 0; time < 15; time++) {
        if ((await health(sluice)).spares !== 1) return false;
        await Bun.sleep(200);
      }
      return true;
    });
  });

  test("beyond the queue: 529 on Messages, 503 on Chat, with retry-after", async () => {
    await using sluice = await startSluice({ args: ["--max-processes", "1", "--queue", "0", "--spares", "0"] });
    const held = Promise.withResolvers<void>();
    sluice.mock.respond(async () => {
      await held.promise;
      return text("late");
    });
    const first = ask(sluice, [user("slow")]);
    await sluice.mock.waitFor(1);
    const messages = [user("next")];
    const anthropic = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages });
    const openai = await sluice.post("/v1/chat/completions", { model: "sonnet", messages });
    expect([anthropic.status, openai.status]).toEqual([529, 503]);
    for (const reply of [anthropic, openai]) expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await anthropic.json()).toMatchObject({ error: { type: "overloaded_error" } });
    held.resolve();
    expect((await first).said).toBe("late");
    sluice.mock.respond(() => text("free again"));
    expect((await ask(sluice, messages)).said).toBe("free again");
  });

  test("who waits in the queue is served in turn, or told when it took too long", async () => {
    await using sluice = await startSluice({
      args: ["--max-processes", "1", "--queue-timeout", "400ms", "--spares", "0"],
    });
    const held = Promise.withResolvers<void>();
    sluice.mock.respond(async (body) => {
      if (lastUserText(body) === "slow") await held.promise;
      return text(`You said: ${lastUserText(body)}`);
    });
    const slow = ask(sluice, [user("slow")]);
    await sluice.mock.waitFor(1);
    const late = await sluice.post("/v1/messages", { model: "sonnet", max_tokens: 9, messages: [user("late")] });
    expect(late.status).toBe(529);
    held.resolve();
    expect((await slow).said).toBe("You said: slow");
  });

  test("who waits gets the place of a conversation that has come to rest", async () => {
    await using folder = await temporaryFolder();
    const claude = await fakeClaude({}, folder.path);
    await using sluice = await startSluice({ claude, args: ["--max-processes", "2", "--queue-timeout", "20s"] });
    const words = ["a", "b", "c", "d", "e", "f"];
    const answers = await Promise.all(words.map((word) => ask(sluice, [user(word)])));
    expect(answers.map(({ said }) => said)).toEqual(words.map((word) => `You said: ${word}`));
  });

  test("a place is held until the client has read the answer", async () => {
    await using folder = await temporaryFolder();
    // Too much for the buffers between, though not for the queue of events: the CLI has long said everything.
    const claude = await fakeClaude({ turns: [answer(text("0123456789".repeat(2e6), { chunks: 500 }))] }, folder.path);
    const args = ["--max-processes", "1", "--queue", "0", "--spares", "0"];
    await using sluice = await startSluice({ claude, args });
    using slow = slowClient(sluice);
    await eventually(() => slow.socket.isPaused());
    await Bun.sleep(2000);
    const other = { model: "sonnet", max_tokens: 9, messages: [user("two")] };
    expect((await sluice.post("/v1/messages", other)).status).toBe(529);
    slow.socket.resume();
    await eventually(() => slow.tail().includes("message_stop"));
    expect((await sluice.post("/v1/messages", other)).status).toBe(200);
  });

  test("a client that reads nothing for a time is not taken for a CLI that says nothing", async () => {
    await using folder = await temporaryFolder();
    // The real one is truly silent for seconds over the last line of such an answer. Fewer bytes fit into the buffers between.
    const claude = await fakeClaude({ turns: [answer(text("0123456789".repeat(2e6), { chunks: 2000 }))] }, folder.path);
    await using sluice = await startSluice({ claude, args: ["--stall-timeout", "4s"] });
    using slow = slowClient(sluice);
    await eventually(() => slow.socket.isPaused());
    await Bun.sleep(9000);
    slow.socket.resume();
    await eventually(() => /message_stop|event: error/.test(slow.tail()));
    expect(slow.tail()).toContain("message_stop");
  });

  test("a stalled CLI: another try before the first event, an error after it", async () => {
    // The other try has as long to start.
    await using sluice = await startSluice({ args: ["--stall-timeout", "12s"] });
    sluice.mock.respond((_, __, n) => (n === 1 ? stall(0) : text("second")));
    expect((await ask(sluice, [user("one")])).said).toBe("second");
    sluice.mock.respond(() => stall(6));
    const reply = await sluice.post("/v1/messages", {
      model: "sonnet",
      max_tokens: 9,
      stream: true,
      messages: [user("two")],
    });
    const body = await reply.text();
    expect(body).toContain("timeout_error");
    expect(sluice.mock.requests).toHaveLength(3);
  });
});
