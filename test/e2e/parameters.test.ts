/** What of a request's parameters reaches the upstream, through the real CLI. */

import { describe, expect, test } from "bun:test";
import { text, thinking } from "../support/mock-anthropic.ts";
import { conversationIn, systemIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const hello = { role: "user", content: "Hello" };
const tool = { name: "look", description: "Looks.", input_schema: { type: "object", properties: {} } };

/** Sends a request that must be answered, and returns what the upstream got of it. */
async function ask(sluice: TestSluice, path: "messages" | "chat/completions", fields: object, headers = {}) {
  const body = { model: "sonnet", max_tokens: 4000, messages: [hello], ...fields };
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
    await using sluice = await startSluice();
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
    const { body, warning } = await ask(sluice, "messages", asked);
    expect(body).toMatchObject(asked);
    expect(warning).toBeNull();
    const plain = await ask(sluice, "messages", {});
    for (const name of Object.keys(asked)) if (name !== "max_tokens") expect(plain.body).not.toHaveProperty(name);
  });

  test("tool_choice, and a format merged with the effort", async () => {
    await using sluice = await startSluice();
    const format = { type: "json_schema", schema: { type: "object", additionalProperties: false } };
    sluice.mock.respond(() => text("{}"));
    const tool_choice = { type: "auto", disable_parallel_tool_use: true };
    const { body } = await ask(sluice, "messages", {
      tools: [tool],
      tool_choice,
      output_config: { effort: "low", format },
    });
    expect(body).toMatchObject({ tool_choice, output_config: { effort: "low", format } });
    const without = await ask(sluice, "messages", { output_config: { format } });
    expect(without.body?.["output_config"]).toEqual({ effort: "medium", format });
  });

  test("thinking, with the display that was asked for", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => thinking("", "Yes."));
    const thought = async (model: string, asked: object) =>
      (await ask(sluice, "messages", { model, thinking: asked })).body?.["thinking"];
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
    await using sluice = await startSluice();
    const own = { type: "thinking", thinking: "a", signature: "c2ln" };
    const said = { type: "text", text: "b" };
    const { body, warning } = await ask(sluice, "messages", {
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
    await using sluice = await startSluice();
    const asking = { "anthropic-beta": "context-1m-2025-08-07,oauth-2025-04-20,made-up-2030-01-01" };
    const first = await ask(sluice, "messages", {}, asking);
    expect(first.betas).toContain("context-1m-2025-08-07");
    expect(first.betas).toContain("made-up-2030-01-01");
    expect(first.betas).not.toContain("oauth-2025-04-20");
    const second = await ask(sluice, "messages", {});
    expect(second.betas).toEqual(first.betas.filter((beta) => !asking["anthropic-beta"].includes(beta)));
  });

  test("images and documents by their addresses, which nobody else fetches", async () => {
    await using sluice = await startSluice();
    const content = [
      { type: "image", source: { type: "url", url: `${sluice.mock.url}/a.png` } },
      { type: "document", source: { type: "url", url: `${sluice.mock.url}/a.pdf` } },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" } },
      { type: "text", text: "These?" },
    ];
    const { body } = await ask(sluice, "messages", { messages: [{ role: "user", content }] });
    expect<unknown>(conversationIn(body)[0]?.content).toEqual(content);
    expect(sluice.mock.strays.filter((stray) => stray.includes("/a."))).toEqual([]);
  });
});

describe("Chat Completions", () => {
  test("reasoning_effort brings effort, thinking, and reasoning_content", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => thinking("Let me see.", "Yes."));
    const { body, warning } = await ask(sluice, "chat/completions", { reasoning_effort: "high", temperature: 0.2 });
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

    const older = await ask(sluice, "chat/completions", { model: "claude-haiku-4-5", reasoning_effort: "low" });
    expect(older.body?.["thinking"]).toEqual({ type: "enabled", budget_tokens: 2000, display: "summarized" });
    expect(older.body).not.toHaveProperty("output_config");
    expect(older.warning).toBe("effort ignored: claude-haiku-4-5 knows none");
    const off = await ask(sluice, "chat/completions", { reasoning_effort: "none" });
    expect(off.body?.["thinking"]).toEqual({ type: "disabled" });
  });

  test("response_format, beside tools", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => text('{"a":1}'));
    const schema = { type: "object", properties: { a: { type: "integer" } }, required: ["a"] };
    const tools = [{ type: "function", function: { name: "look", parameters: tool.input_schema } }];
    const strict = await ask(sluice, "chat/completions", {
      tools,
      parallel_tool_calls: false,
      response_format: { type: "json_schema", json_schema: { name: "x", strict: true, schema } },
    });
    expect(strict.body).toMatchObject({
      output_config: { format: { type: "json_schema", schema: { ...schema, additionalProperties: false } } },
      tool_choice: { type: "auto", disable_parallel_tool_use: true },
    });
    expect(strict.body?.tools?.map(({ name }) => name)).toContain("look");

    const anyObject = await ask(sluice, "chat/completions", {
      messages: [{ role: "system", content: "Be brief." }, hello],
      response_format: { type: "json_object" },
    });
    expect(systemIn(anyObject.body).join("")).toMatch(/^Be brief\.\n\nYour answer must be a single JSON object/);
    expect(JSON.stringify(anyObject.body)).not.toContain("text_format");
  });

  test("stop and limits arrive, hints do not", async () => {
    await using sluice = await startSluice();
    const { body, warning } = await ask(sluice, "chat/completions", {
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
});
