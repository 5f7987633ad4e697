/** What of a request's parameters reaches the upstream, through the real CLI. */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { text, thinking } from "../support/mock-anthropic.ts";
import { conversationIn, linesIn, systemIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice();
});
beforeEach(() => sluice.mock.respond(() => text("Yes.")));
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

const hello = { role: "user", content: "Hello" };
const tool = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };

/** Sends a request that must be answered, and returns what the upstream got of it. */
async function ask(path: "messages" | "chat/completions" | "responses", fields: object, headers = {}) {
  const least = path === "responses" ? { input: "Hello" } : { max_tokens: 4000, messages: [hello] };
  const body = { model: "sonnet", ...least, ...fields };
  const reply = await sluice.post(`/v1/${path}`, body, { headers });
  expect([reply.status, await reply.text()]).toEqual([200, expect.anything()]);
  const seen = sluice.mock.requests.at(-1);
  return {
    body: seen?.body,
    betas: (seen?.headers.get("anthropic-beta") ?? "").split(","),
    warning: reply.headers.get("x-sluice-warning"),
  };
}

describe("Messages", () => {
  test("sampling, limits, tier and place", async () => {
    const asked = {
      temperature: 0.25,
      top_p: 0.5,
      top_k: 7,
      stop_sequences: ["A", "B"],
      service_tier: "standard_only",
      speed: "standard",
      inference_geo: "us",
      max_tokens: 123,
    };
    const { body, warning } = await ask("messages", asked);
    expect(body).toMatchObject(asked);
    expect(warning).toBeNull();
    const plain = await ask("messages", {});
    for (const name of Object.keys(asked)) if (name !== "max_tokens") expect(plain.body).not.toHaveProperty(name);
  });

  test("tool_choice, and a format merged with the effort", async () => {
    const format = { type: "json_schema", schema: { type: "object", additionalProperties: false } };
    sluice.mock.respond(() => text("{}"));
    const tool_choice = { type: "auto", disable_parallel_tool_use: true };
    const { body } = await ask("messages", {
      tools: [tool],
      tool_choice,
      output_config: { effort: "low", format },
    });
    expect(body).toMatchObject({ tool_choice, output_config: { effort: "low", format } });
    const without = await ask("messages", { output_config: { format } });
    expect(without.body?.["output_config"]).toEqual({ effort: "medium", format });
  });

  test.each<[string, ...[string | undefined, string | null][]]>([
    ["sonnet", ["low", null], ["medium", null], ["high", null], ["xhigh", null], ["max", null]],
    [
      "claude-opus-4-6",
      ["low", null],
      ["medium", null],
      ["high", null],
      ["high", "effort lowered to high: claude-opus-4-6 knows no xhigh"],
      ["max", null],
    ],
    [
      "claude-opus-4-5",
      ["low", null],
      ["medium", null],
      ["high", null],
      ["high", "effort lowered to high: claude-opus-4-5 knows no xhigh"],
      ["high", "effort lowered to high: claude-opus-4-5 knows no max"],
    ],
    ["claude-sonnet-4-5", [undefined, "effort ignored: claude-sonnet-4-5 knows none"]],
  ])("each effort as far as %s knows it, and a warning where it does not", async (model, ...expected) => {
    const efforts = ["low", "medium", "high", "xhigh", "max"];
    for (const [index, [sent, warned]] of expected.entries()) {
      const { body, warning } = await ask("messages", { model, output_config: { effort: efforts[index] } });
      const { effort } = (body?.["output_config"] ?? {}) as { effort?: string };
      expect<unknown>([effort, warning]).toEqual([sent, warned]);
    }
  });

  test("betas of thinking, of the output and of images", async () => {
    sluice.mock.respond(() => thinking("", "Yes."));
    const thought = { type: "adaptive", block_binding: { prefix_mismatch_behavior: "drop_block" } };
    const task_budget = { type: "tokens", total: 20_000 };
    const picture = {
      type: "image",
      source: { type: "url", url: "https://example.com/a" },
      transformations: { oversized_image: "error" },
    };
    const { body } = await ask("messages", {
      thinking: thought,
      output_config: { effort: "low", task_budget },
      messages: [{ role: "user", content: [picture, { type: "text", text: "This?" }] }],
    });
    expect(body).toMatchObject({ thinking: thought, output_config: { effort: "low", task_budget } });
    expect<unknown>(conversationIn(body)[0]?.content[0]).toEqual(picture);
  });

  test("prefill is in the conversation, and the model is asked to go on", async () => {
    const { body } = await ask("messages", { messages: [hello, { role: "assistant", content: "Well," }] });
    expect(linesIn(body)).toEqual([
      "user: Hello",
      "assistant: Well,",
      "user: Continue from where your last message ends, and repeat nothing of it.",
    ]);
  });

  test("more images and documents than the model takes are refused: the CLI would leave some out unsaid", async () => {
    const pictures = (count: number) => [
      ...Array.from({ length: count }, () => ({
        type: "image",
        source: { type: "url", url: "https://example.com/a" },
      })),
      { type: "text", text: "These?" },
    ];
    const look = async (model: string, count: number) => {
      const messages = [{ role: "user", content: pictures(count) }];
      const reply = await sluice.post("/v1/messages", { model, max_tokens: 100, messages });
      const { error } = (await reply.json()) as { error?: { message: string } };
      const seen = conversationIn(sluice.mock.requests.at(-1)?.body)[0]?.content.length;
      return [reply.status, error?.message ?? seen];
    };
    const refusal = (most: number, count: number) =>
      `too many images and documents: the model takes ${most} in a request, and here are ${count}`;
    expect(await look("claude-haiku-4-5", 100)).toEqual([200, 101]);
    expect(await look("claude-haiku-4-5", 101)).toEqual([400, refusal(100, 101)]);
    expect(await look("claude-opus-4-6", 101)).toEqual([400, refusal(100, 101)]);
    expect(await look("sonnet", 600)).toEqual([200, 601]);
    expect(await look("sonnet", 601)).toEqual([400, refusal(600, 601)]);
  });

  test("thinking, with the display that was asked for", async () => {
    sluice.mock.respond(() => thinking("", "Yes."));
    const thought = async (model: string, asked: object) =>
      (await ask("messages", { model, thinking: asked })).body?.["thinking"];
    const omitted = { type: "adaptive", display: "omitted" };
    expect(await thought("sonnet", omitted)).toEqual(omitted);
    expect(await thought("sonnet", { type: "adaptive" })).toEqual({ type: "adaptive" });
    const budget = { type: "enabled", budget_tokens: 1500, display: "summarized" };
    expect(await thought("claude-haiku-4-5", budget)).toEqual(budget);
    expect(await thought("claude-haiku-4-5", omitted)).toEqual({
      type: "enabled",
      budget_tokens: 2000,
      display: "omitted",
    });
    expect(await thought("sonnet", { type: "disabled" })).toEqual({ type: "disabled" });
  });

  test("thinking of another provider in the history is left out, its own is kept", async () => {
    const own = { type: "thinking", thinking: "a", signature: "c2ln" };
    const said = { type: "text", text: "b" };
    const { body, warning } = await ask("messages", {
      thinking: { type: "adaptive" },
      messages: [
        hello,
        { role: "assistant", content: [{ type: "thinking", thinking: "x" }, own, said] },
        { role: "user", content: "So?" },
      ],
    });
    expect<unknown>(conversationIn(body)[1]?.content).toEqual([own, said]);
    expect(warning).toBe("messages.1: thinking without a signature left out");
  });

  test("betas that the client asked for, in this conversation only, and none that says who asks", async () => {
    const asking = { "anthropic-beta": "context-1m-2025-08-07,oauth-2025-04-20,made-up-2030-01-01" };
    const first = await ask("messages", {}, asking);
    expect(first.betas).toContain("context-1m-2025-08-07");
    expect(first.betas).toContain("made-up-2030-01-01");
    expect(first.betas).not.toContain("oauth-2025-04-20");
    const second = await ask("messages", {});
    expect(second.betas).toEqual(first.betas.filter((beta) => !asking["anthropic-beta"].includes(beta)));
  });

  test("images and documents by their addresses, which nobody else fetches", async () => {
    const content = [
      { type: "image", source: { type: "url", url: `${sluice.mock.url}/a.png` } },
      { type: "document", source: { type: "url", url: `${sluice.mock.url}/a.pdf` } },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" } },
      { type: "text", text: "These?" },
    ];
    const { body } = await ask("messages", { messages: [{ role: "user", content }] });
    expect<unknown>(conversationIn(body)[0]?.content).toEqual(content);
    expect(sluice.mock.strays.filter((stray) => stray.includes("/a."))).toEqual([]);
  });
});

describe("Chat Completions", () => {
  test("reasoning_effort brings effort, thinking, and reasoning_content", async () => {
    sluice.mock.respond(() => thinking("Let me see.", "Yes."));
    const { body, warning } = await ask("chat/completions", { reasoning_effort: "high", temperature: 0.2 });
    expect(body).toMatchObject({
      thinking: { type: "adaptive", display: "summarized" },
      output_config: { effort: "high" },
    });
    expect(body).not.toHaveProperty("temperature");
    expect(warning).toBe("temperature ignored while reasoning");
    const completion = await sluice.openai.chat.completions.create({
      model: "sonnet",
      reasoning_effort: "high",
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(completion.choices[0]?.message).toMatchObject({ content: "Yes.", reasoning_content: "Let me see." });

    const older = await ask("chat/completions", { model: "claude-haiku-4-5", reasoning_effort: "low" });
    expect(older.body?.["thinking"]).toEqual({ type: "enabled", budget_tokens: 2000, display: "summarized" });
    expect(older.body).not.toHaveProperty("output_config");
    expect(older.warning).toBe("effort ignored: claude-haiku-4-5 knows none");
    const off = await ask("chat/completions", { reasoning_effort: "none" });
    expect(off.body?.["thinking"]).toEqual({ type: "disabled" });
  });

  test("response_format, beside tools", async () => {
    sluice.mock.respond(() => text('{"a":1}'));
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
    const tools = [{ type: "function", function: { name: "look", parameters: tool.input_schema } }];
    const strict = await ask("chat/completions", {
      tools,
      parallel_tool_calls: false,
      response_format: { type: "json_schema", json_schema: { name: "x", strict: true, schema } },
    });
    expect(strict.body).toMatchObject({
      output_config: { format: { type: "json_schema", schema: { ...schema, additionalProperties: false } } },
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    });
    expect(strict.body?.tools?.map(({ name }) => name)).toContain("look");

    const anyObject = await ask("chat/completions", {
      messages: [{ role: "system", content: "Be brief." }, hello],
      response_format: { type: "json_object" },
    });
    expect(systemIn(anyObject.body).join("")).toMatch(/^Be brief\.\n\nYour answer must be a single JSON object/);
    expect(JSON.stringify(anyObject.body)).not.toContain("text_format");
  });

  test("stop and limits arrive, hints do not", async () => {
    const { body, warning } = await ask("chat/completions", {
      stop: ["END", " "],
      max_completion_tokens: 55,
      service_tier: "flex",
      user: "ann",
      seed: 1,
    });
    expect(body).toMatchObject({ stop_sequences: ["END"], max_tokens: 55 });
    expect(body).not.toHaveProperty("service_tier");
    expect(JSON.stringify(body?.["metadata"])).not.toContain("ann");
    expect(warning).toBe("seed ignored");
  });

  test("a stop that the API takes for none is kept by Sluice", async () => {
    sluice.mock.respond(() => text("one\ntwo", { chunks: 7 }));
    const completion = await sluice.openai.chat.completions.create({
      model: "sonnet",
      stop: "\n",
      messages: [{ role: "user", content: "Hello" }],
    });
    expect(completion.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: "one" } });
    expect(sluice.mock.requests.at(-1)?.body).not.toHaveProperty("stop_sequences");
    await sluice.quiet();
  });

  test("every form of tool_choice", async () => {
    const fn = (name: string) => ({ type: "function", function: { name } });
    const tools = ["look", "listen"].map(fn);
    const allowed = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [fn("listen")] } };
    const one = { parallel_tool_calls: false };
    for (const [fields, expected, names = ["look", "listen"]] of [
      [{ tool_choice: "none" }, { type: "none" }],
      [{ tool_choice: "auto" }, { type: "auto" }],
      [{ tool_choice: "required" }, { type: "any" }],
      [{ tool_choice: fn("listen") }, { type: "tool", name: "listen" }],
      [{ tool_choice: allowed }, { type: "any" }, ["listen"]],
      [one, { type: "auto", disable_parallel_tool_use: true }],
    ] as const) {
      const { body } = await ask("chat/completions", { tools, ...fields });
      expect([body?.["tool_choice"], body?.tools?.map(({ name }) => name)]).toEqual([expected, [...names]]);
    }
  });
});

describe("Responses", () => {
  test("limits, sampling and the system prompt", async () => {
    const { body, warning } = await ask("responses", {
      instructions: "Be brief.",
      max_output_tokens: 77,
      temperature: 0.25,
      top_p: 0.5,
      truncation: "auto",
      user: "ann",
      metadata: { a: "b" },
      service_tier: "flex",
    });
    expect(body).toMatchObject({ max_tokens: 77, temperature: 0.25, top_p: 0.5 });
    expect(systemIn(body)).toEqual(["Be brief."]);
    for (const name of ["service_tier", "store", "truncation"]) expect(body).not.toHaveProperty(name);
    expect(JSON.stringify(body?.["metadata"])).not.toContain("ann");
    expect(warning).toBe("truncation ignored");
  });

  test("reasoning brings effort, thinking, and a reasoning item", async () => {
    sluice.mock.respond(() => thinking("Let me see.", "Yes."));
    const thought = { type: "adaptive", display: "summarized" };
    const hard = await ask("responses", { reasoning: { effort: "xhigh" }, temperature: 0.2 });
    expect(hard.body).toMatchObject({ thinking: thought, output_config: { effort: "xhigh" } });
    expect(hard.body).not.toHaveProperty("temperature");
    expect(hard.warning).toBe("temperature ignored while reasoning");
    const summary = await ask("responses", { reasoning: { summary: "concise" } });
    expect(summary.body).toMatchObject({ thinking: thought, output_config: { effort: "medium" } });
    const off = await ask("responses", { reasoning: { effort: "none", summary: "auto" } });
    expect(off.body?.["thinking"]).toEqual({ type: "disabled" });
  });

  test("every form of tool_choice", async () => {
    const fn = (name: string) => ({ type: "function", name });
    const tools = [fn("look"), fn("listen"), { type: "web_search" }];
    for (const [fields, expected, names = ["look", "listen"]] of [
      [{ tool_choice: "none" }, { type: "none" }],
      [{ tool_choice: "auto" }, { type: "auto" }],
      [{ tool_choice: "required" }, { type: "any" }],
      [{ tool_choice: fn("listen") }, { type: "tool", name: "listen" }],
      [{ tool_choice: { type: "allowed_tools", mode: "auto", tools: [fn("listen")] } }, { type: "auto" }, ["listen"]],
      [{ parallel_tool_calls: false }, { type: "auto", disable_parallel_tool_use: true }],
    ] as const) {
      const { body, warning } = await ask("responses", { tools, ...fields });
      expect([body?.["tool_choice"], body?.tools?.map(({ name }) => name)]).toEqual([expected, [...names]]);
      expect(warning).toBe("tools.2 (web_search): only functions are available");
    }
    const forced = await sluice.post("/v1/responses", {
      model: "sonnet",
      input: "Hello",
      tools,
      tool_choice: { type: "web_search" },
    });
    expect([forced.status, await forced.json()]).toMatchObject([400, { error: { param: "tool_choice.type" } }]);
  });
});
