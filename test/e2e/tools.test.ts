/** The client's own tools, while the CLI waits inside the call. */

import { describe, expect, test } from "bun:test";
import type Anthropic from "@anthropic-ai/sdk";
import { lastUserText, type RequestBody, text, toolUse } from "../support/mock-anthropic.ts";
import { conversationIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

type Message = Anthropic.MessageParam;

const schema = { type: "object", properties: { city: { type: "string" } } };
const weather = { name: "get_weather", description: "The weather of a city", input_schema: schema };
const paris = { name: "get_weather", input: { city: "Paris" }, id: "toolu_paris" };
const rome = { name: "get_weather", input: { city: "Rome" }, id: "toolu_rome" };
const question: Message = { role: "user", content: "Weather?" };

interface Answer {
  status: number;
  way: string | null;
  content: Anthropic.ContentBlockParam[];
  stop_reason: string;
  error?: { message: string };
}

async function ask(sluice: TestSluice, messages: Message[], extra: object = {}): Promise<Answer> {
  const request = { model: "sonnet", max_tokens: 100, messages, tools: [weather], ...extra };
  const reply = await sluice.post("/v1/messages", request);
  return { ...((await reply.json()) as Answer), status: reply.status, way: reply.headers.get("x-sluice-way") };
}

const result = (id: string, content: Anthropic.ToolResultBlockParam["content"], more: object = {}) =>
  ({ type: "tool_result", tool_use_id: id, content, ...more }) as Anthropic.ToolResultBlockParam;

/** The blocks of the last user message that the upstream got. */
function lastBlocks(body: RequestBody | undefined) {
  return conversationIn(body).findLast(({ role }) => role === "user")?.content ?? [];
}

describe("a call", () => {
  test("reaches the client, and its result the same process: one process, no repeated text", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris], { text: "Let me see." }) : text("Sunny in Paris.")));
    const asked = await ask(sluice, [question], { system: "Be kind." });
    expect(asked.stop_reason).toBe("tool_use");
    expect<unknown>(asked.content).toEqual([
      { type: "text", text: "Let me see." },
      { type: "tool_use", ...paris, caller: { type: "direct" } },
    ]);
    const [before] = sluice.mock.requests;
    expect(before?.body.tools).toEqual([weather]);

    const answered: Message = { role: "user", content: [result("toolu_paris", "22 °C")] };
    const done = await ask(sluice, [question, { role: "assistant", content: asked.content }, answered], {
      system: "Be kind.",
    });
    expect(done).toMatchObject({
      way: "parked",
      stop_reason: "end_turn",
      content: [{ type: "text", text: "Sunny in Paris." }],
    });
    const after = sluice.mock.requests[1]?.body;
    expect(lastBlocks(after)).toEqual([
      { type: "tool_result", tool_use_id: "toolu_paris", content: [{ type: "text", text: "22 °C" }] },
    ]);
    expect(after?.["metadata"]).toEqual(before?.body["metadata"]);
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("in parallel with others, with an image, an error and a large result", async () => {
    await using sluice = await startSluice();
    const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: pixel } } as const;
    const large = "0123456789".repeat(49_000);
    const oslo = { name: "get_weather", input: {}, id: "toolu_oslo" };
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris, rome, oslo]) : text("Done.")));
    const asked = await ask(sluice, [question]);
    const content = [
      result("toolu_rome", "no such city", { is_error: true }),
      result("toolu_paris", [{ type: "text", text: "a picture" }, image]),
      result("toolu_oslo", large),
    ];
    const done = await ask(sluice, [
      question,
      { role: "assistant", content: asked.content },
      { role: "user", content },
    ]);
    expect(done).toMatchObject({ way: "parked", content: [{ text: "Done." }] });
    const blocks = lastBlocks(sluice.mock.requests[1]?.body);
    const of = (id: string) => blocks.find((block) => block["tool_use_id"] === id);
    expect(blocks).toHaveLength(3);
    expect(of("toolu_paris")?.["content"]).toEqual([{ type: "text", text: "a picture" }, image]);
    expect(of("toolu_rome")).toMatchObject({ content: "no such city", is_error: true });
    expect(JSON.stringify(of("toolu_oslo"))).toContain(large);
  });

  test.each([
    ["further text behind the result", [result("toolu_paris", "22"), { type: "text", text: "Be quick." }]],
    ["an empty result", [result("toolu_paris", [])]],
    ["a result of more than 500 kB", [result("toolu_paris", "x".repeat(600_000))]],
    [
      "a failure in two parts",
      [
        result(
          "toolu_paris",
          [
            { type: "text", text: "a" },
            { type: "text", text: "b" },
          ],
          { is_error: true },
        ),
      ],
    ],
    [
      "a document in the result",
      [result("toolu_paris", [{ type: "document", source: { type: "text", media_type: "text/plain", data: "d" } }])],
    ],
  ] as [string, Anthropic.ContentBlockParam[]][])("with %s is served from history, unchanged", async (_, content) => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris]) : text("Done.")));
    const asked = await ask(sluice, [question]);
    const done = await ask(sluice, [
      question,
      { role: "assistant", content: asked.content },
      { role: "user", content },
    ]);
    expect(done).toMatchObject({ status: 200, way: "replay", content: [{ text: "Done." }] });
    const sent = lastBlocks(sluice.mock.requests.at(-1)?.body);
    expect(JSON.stringify(sent)).toBe(
      JSON.stringify(
        content.map((b) =>
          b.type === "tool_result" && typeof b.content === "string"
            ? { ...b, content: [{ type: "text", text: b.content }] }
            : b,
        ),
      ),
    );
    expect(sluice.mock.requests).toHaveLength(2);
    await sluice.quiet();
  });

  test("with the client's own ids, and the text of the answer trimmed", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris, rome], { text: "Let me see. " }) : text("Done.")));
    await ask(sluice, [question]);
    const calls: Anthropic.ContentBlockParam[] = [
      { type: "text", text: "Let me see." },
      { type: "tool_use", id: "callA", name: "get_weather", input: { city: "Paris" } },
      { type: "tool_use", id: "callB", name: "get_weather", input: { city: "Rome" } },
    ];
    const content = [result("callB", "rome"), result("callA", "paris")];
    const done = await ask(sluice, [question, { role: "assistant", content: calls }, { role: "user", content }]);
    expect(done.way).toBe("parked");
    expect(
      lastBlocks(sluice.mock.requests[1]?.body).map((block) => [
        block["tool_use_id"],
        JSON.stringify(block["content"]),
      ]),
    ).toEqual([
      ["toolu_paris", '[{"type":"text","text":"paris"}]'],
      ["toolu_rome", '[{"type":"text","text":"rome"}]'],
    ]);
  });

  test("of a tool that the client does not have reaches the client, and costs nothing more", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) =>
      // Slowly, as a model writes: whether the CLI is ended before it asks again is otherwise a race of two processes.
      n === 1 ? toolUse([{ name: "unheard_of", input: {}, id: "toolu_x" }], { delayMs: 200 }) : text("Done."),
    );
    const asked = await ask(sluice, [question]);
    expect(asked.content).toMatchObject([{ type: "tool_use", name: "unheard_of" }]);
    const answered: Message = { role: "user", content: [result("toolu_x", "no such tool", { is_error: true })] };
    const done = await ask(sluice, [question, { role: "assistant", content: asked.content }, answered]);
    expect(done).toMatchObject({ way: "replay", content: [{ text: "Done." }] });
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("waits no longer than --park-ttl", async () => {
    await using sluice = await startSluice({ args: ["--park-ttl", "300ms"] });
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris]) : text("Done.")));
    const asked = await ask(sluice, [question]);
    await Bun.sleep(700);
    const answered: Message = { role: "user", content: [result("toolu_paris", "22")] };
    expect(await ask(sluice, [question, { role: "assistant", content: asked.content }, answered])).toMatchObject({
      way: "replay",
      content: [{ text: "Done." }],
    });
  });
});

describe("results that do not fit", () => {
  test("a partial set names the missing ids; results for calls that nobody made are refused", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => toolUse([paris, rome]));
    const asked = await ask(sluice, [question]);
    const follow = (content: Anthropic.ContentBlockParam[]) =>
      ask(sluice, [question, { role: "assistant", content: asked.content }, { role: "user", content }]);
    const partial = await follow([result("toolu_paris", "22")]);
    expect([partial.status, partial.error?.message]).toEqual([400, expect.stringContaining("toolu_rome")]);
    const foreign = await follow([result("toolu_paris", "1"), result("toolu_rome", "2"), result("toolu_lost", "3")]);
    expect([foreign.status, foreign.error?.message]).toEqual([400, expect.stringContaining("toolu_lost")]);
    expect(sluice.mock.requests).toHaveLength(1);
  });
});

describe("what the client asks of tools", () => {
  test.each([
    [{ type: "auto" }, { type: "auto" }],
    [{ type: "any" }, { type: "any" }],
    [
      { type: "tool", name: "get_weather" },
      { type: "tool", name: "get_weather" },
    ],
    [{ type: "none" }, { type: "none" }],
    [
      { type: "auto", disable_parallel_tool_use: true },
      { type: "auto", disable_parallel_tool_use: true },
    ],
  ])("tool_choice %p", async (tool_choice, expected) => {
    await using sluice = await startSluice();
    await ask(sluice, [question], { tool_choice });
    expect(sluice.mock.requests[0]?.body["tool_choice"]).toEqual(expected);
  });

  test("a forced tool_choice does not stick to the turn after the results", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) => (n === 1 ? toolUse([paris]) : text("Done.")));
    const asked = await ask(sluice, [question], { tool_choice: { type: "any" } });
    const answered: Message = { role: "user", content: [result("toolu_paris", "22")] };
    const done = await ask(sluice, [question, { role: "assistant", content: asked.content }, answered]);
    expect(done.way).toBe("parked");
    expect(sluice.mock.requests[1]?.body).not.toHaveProperty("tool_choice");
  });

  test("descriptions of any length, the client's order and every field of a schema", async () => {
    await using sluice = await startSluice();
    const tools = [
      {
        name: "zebra",
        description: "z".repeat(9000),
        input_schema: { ...schema, additionalProperties: false, $defs: { a: {} } },
      },
      { name: "ant", input_schema: { type: "object" } },
    ];
    await ask(sluice, [question], { tools });
    expect<unknown>(sluice.mock.requests[0]?.body.tools).toEqual(tools);
  });

  test("names that the CLI takes for its own, or that the API refuses, are mapped there and back", async () => {
    await using sluice = await startSluice();
    const names = [
      "Bash",
      "Read",
      "Agent",
      "ToolSearch",
      "ExitPlanMode",
      "Task",
      "mcp__files__read",
      "a b/c",
      "client_Bash",
      "ü".repeat(80),
    ];
    const tools = names.map((name) => ({ name, description: `about ${name}`, input_schema: { type: "object" } }));
    const input = { offset: "3", plan: "p", nested: { file_path: "/x" } };
    let sent: string[] = [];
    sluice.mock.respond((body, _, n) => {
      sent = (body.tools ?? []).map(({ name }) => name);
      return n === 1 ? toolUse(sent.map((name, i) => ({ name, input, id: `toolu_${i}` }))) : text("Done.");
    });
    const asked = await ask(sluice, [question], { tools, tool_choice: { type: "tool", name: "Bash" } });
    const caller = { type: "direct" };
    expect<unknown>(asked.content).toEqual(
      names.map((name, i) => ({ type: "tool_use", id: `toolu_${i}`, name, input, caller })),
    );
    for (const name of sent) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
    expect(new Set(sent).size).toBe(names.length);
    expect(sent).not.toContain("Bash");
    expect(sluice.mock.requests[0]?.body["tool_choice"]).toEqual({ type: "tool", name: sent[0] });
    expect(JSON.stringify(sluice.mock.requests[0]?.body.messages)).not.toContain("Attribution");

    const content = names.map((_, i) => result(`toolu_${i}`, `result ${i}`));
    const answer: Message = { role: "assistant", content: asked.content };
    const done = await ask(sluice, [question, answer, { role: "user", content }], { tools });
    expect(done).toMatchObject({ way: "parked", content: [{ text: "Done." }] });
    const calls = sluice.mock.requests[1]?.body.messages.findLast(({ role }) => role === "assistant")?.content;
    expect(calls).toMatchObject(sent.map((name) => ({ type: "tool_use", name, input })));
    expect(lastBlocks(sluice.mock.requests[1]?.body)).toHaveLength(names.length);
  });
});

describe("the SDKs' own tool loops", () => {
  /** Three steps: two calls at once, one more, then an answer that uses all results. */
  const loop = (body: RequestBody) => {
    const results = JSON.stringify(body.messages).match(/temp-[A-Z]\w+/g) ?? [];
    if (results.length === 0) return toolUse([paris, rome], { text: "Two first." });
    if (results.length === 2) return toolUse([{ name: "get_weather", input: { city: "Oslo" }, id: "toolu_oslo" }]);
    return text(`All: ${results.join(" ")}`);
  };

  test("openai runTools", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(loop);
    for (const stream of [false, true]) {
      const runner = sluice.openai.chat.completions.runTools({
        model: "sonnet",
        stream: stream as false,
        messages: [{ role: "user", content: `Weather? ${stream}` }],
        tools: [
          {
            type: "function",
            function: {
              name: "get_weather",
              description: "The weather",
              parameters: schema,
              parse: JSON.parse,
              function: ({ city }: { city: string }) => `temp-${city}`,
            },
          },
        ],
      });
      expect(await runner.finalContent()).toBe("All: temp-Paris temp-Rome temp-Oslo");
    }
    expect(sluice.mock.requests).toHaveLength(6);
    const sessions = new Set(sluice.mock.requests.map(({ body }) => JSON.stringify(body["metadata"])));
    expect(sessions.size).toBe(2);
  });

  test("@anthropic-ai/sdk tool runner", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(loop);
    const runner = sluice.anthropic.beta.messages.toolRunner({
      model: "sonnet",
      max_tokens: 1000,
      messages: [{ role: "user", content: "Weather?" }],
      tools: [
        {
          name: "get_weather",
          description: "The weather",
          input_schema: schema as { type: "object" },
          run: async (input) => `temp-${(input as { city: string }).city}`,
          parse: (input) => input,
        },
      ],
    });
    const final = await runner.runUntilDone();
    expect(final.content).toMatchObject([{ type: "text", text: "All: temp-Paris temp-Rome temp-Oslo" }]);
    expect(sluice.mock.requests).toHaveLength(3);
    expect(new Set(sluice.mock.requests.map(({ body }) => JSON.stringify(body["metadata"]))).size).toBe(1);
  });

  test("a loop whose Sluice is restarted in the middle finishes with another", async () => {
    const messages: Message[] = [question];
    {
      await using first = await startSluice();
      first.mock.respond(loop);
      const asked = await ask(first, messages);
      messages.push({ role: "assistant", content: asked.content });
      messages.push({
        role: "user",
        content: [result("toolu_paris", "temp-Paris"), result("toolu_rome", "temp-Rome")],
      });
    }
    await using second = await startSluice();
    second.mock.respond(loop);
    const asked = await ask(second, messages);
    expect(asked).toMatchObject({ way: "replay", stop_reason: "tool_use" });
    messages.push({ role: "assistant", content: asked.content });
    messages.push({ role: "user", content: [result("toolu_oslo", "temp-Oslo")] });
    const done = await ask(second, messages);
    expect(done).toMatchObject({ way: "parked", content: [{ text: "All: temp-Paris temp-Rome temp-Oslo" }] });
    expect(lastUserText(second.mock.requests[0]?.body as RequestBody)).not.toContain("Continue from where");
  });
});
