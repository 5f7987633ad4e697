/** What an answer cost, through the real CLI: as the upstream says it, on all three APIs. */

import { afterAll, beforeAll, expect, test } from "bun:test";
import { temporaryFolder } from "../support/environment.ts";
import {
  events,
  eventsOf,
  messageOf,
  type MessageReply,
  type StreamEvent,
  text,
  thinking,
  toolUse,
} from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const hello = [{ role: "user" as const, content: "Hello" }];
const plain = { model: "sonnet", max_tokens: 1000, messages: hello };

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice();
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

/** A reply whose last event says more of its usage. */
function ending(reply: MessageReply, usage: object) {
  const [model, id] = ["claude-sonnet-5-5", "msg_upstream"];
  const told = eventsOf(messageOf(reply, id, model), 2).map((event): StreamEvent =>
    event.type === "message_delta" ? { ...event, usage: { ...event.usage, ...usage } } : event,
  );
  return events(told);
}

test("what the upstream says arrives, and the totals add up", async () => {
  const server_tool_use = { web_search_requests: 2, web_fetch_requests: 1 };
  const start = { input_tokens: 43, service_tier: "priority", inference_geo: "us", server_tool_use };
  const end = {
    input_tokens: 61,
    output_tokens: 42,
    cache_read_input_tokens: 1000,
    cache_creation_input_tokens: 100,
    output_tokens_details: { thinking_tokens: 30 },
  };
  sluice.mock.respond(() => ending(thinking("Let me see.", "Hello.", { usage: start }), end));

  const whole = await sluice.anthropic.messages.create(plain);
  const streamed = await sluice.anthropic.messages.stream(plain).finalMessage();
  for (const { usage } of [whole, streamed]) expect(usage).toMatchObject({ ...start, ...end });

  const chat = { model: "sonnet", messages: hello };
  const completion = await sluice.openai.chat.completions.create(chat);
  const chunks = sluice.openai.chat.completions.stream({ ...chat, stream_options: { include_usage: true } });
  for (const usage of [completion.usage, await chunks.totalUsage()])
    expect(usage).toMatchObject({ prompt_tokens: 1161, completion_tokens: 42, total_tokens: 1203 });
  expect(completion.usage).toMatchObject({
    prompt_tokens_details: { cached_tokens: 1000, cache_write_tokens: 100 },
    completion_tokens_details: { reasoning_tokens: 30 },
  });

  const asked = { model: "sonnet", input: "Hello" };
  const response = await sluice.openai.responses.create(asked);
  const final = await sluice.openai.responses.stream(asked).finalResponse();
  for (const { usage } of [response, final])
    expect(usage).toMatchObject({
      input_tokens: 1161,
      input_tokens_details: { cached_tokens: 1000, cache_write_tokens: 100 },
      output_tokens: 42,
      output_tokens_details: { reasoning_tokens: 30 },
      total_tokens: 1203,
    });
});

test("a stream of Chat Completions tells its usage when asked, in a last chunk of its own, and else never", async () => {
  sluice.mock.respond(() => text("Hello."));
  const chunksOf = async (stream_options?: object) => {
    const body = { model: "sonnet", messages: hello, stream: true, ...(stream_options && { stream_options }) };
    const answer = await (await sluice.post("/v1/chat/completions", body)).text();
    const data = answer.split("\n\n").filter((frame) => frame.startsWith("data: {"));
    return data.map((frame) => JSON.parse(frame.slice("data: ".length)) as { choices: unknown[]; usage?: unknown });
  };
  const asked = await chunksOf({ include_usage: true, include_obfuscation: true });
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 18, total_tokens: 25 } });
  for (const { choices, usage } of asked.slice(0, -1)) expect([choices.length, usage]).toEqual([1, null]);
  for (const options of [undefined, {}, { include_usage: false }, { include_obfuscation: false }])
    for (const chunk of await chunksOf(options)) {
      expect(chunk.choices).toHaveLength(1);
      expect(chunk).not.toHaveProperty("usage");
    }
});

test("an answer that Sluice cuts has its input's true usage, and no more output than was written", async () => {
  sluice.mock.respond(() => text("one two END three four ".repeat(50), { chunks: 100 }));
  const { content, usage } = await sluice.anthropic.messages.create({ ...plain, stop_sequences: ["END"] });
  expect(content).toMatchObject([{ type: "text", text: "one two " }]);
  expect(usage).toMatchObject({ input_tokens: 10, cache_creation_input_tokens: 3, cache_read_input_tokens: 5 });
  expect(usage.output_tokens).toBeWithin(1, 8);

  const asked = { model: "sonnet", messages: hello, stop: "END" };
  const completion = await sluice.openai.chat.completions.create(asked);
  expect(completion.usage?.prompt_tokens).toBe(18);
  expect(completion.usage?.total_tokens).toBe(18 + (completion.usage?.completion_tokens ?? 0));
});

test("one that the upstream cuts is told as it was", async () => {
  const cut = text("one two", { stop_reason: "max_tokens", usage: { output_tokens: 1000 } });
  sluice.mock.respond(() => cut);
  const { usage, stop_reason } = await sluice.anthropic.messages.create(plain);
  expect([stop_reason, usage.input_tokens, usage.output_tokens]).toEqual(["max_tokens", 10, 1000]);
});

test("an agent's answer costs what all its steps cost, and what its sub-agents did", async () => {
  await using folder = await temporaryFolder();
  await using agent = await startSluice({ args: ["--agent", "--cwd", folder.path, "--allowed-tools", "Bash,Agent"] });
  const usage = { input_tokens: 100, output_tokens: 20, cache_read_input_tokens: 5, cache_creation_input_tokens: 3 };
  agent.mock.respond((body) => {
    const said = JSON.stringify(body.messages);
    if (said.includes("toolu_agent")) return text("Done.", { usage });
    if (said.includes("Look around")) return text("Nothing here.", { usage });
    if (!said.includes("toolu_bash"))
      return toolUse([{ id: "toolu_bash", name: "Bash", input: { command: "true", description: "d" } }], { usage });
    const input = { description: "Look", prompt: "Look around", subagent_type: "general-purpose" };
    return toolUse([{ id: "toolu_agent", name: "Agent", input }], { usage });
  });
  const request = { ...plain, model: "agent/sonnet" };
  const all = {
    input_tokens: 400,
    output_tokens: 80,
    cache_read_input_tokens: 20,
    cache_creation_input_tokens: 12,
  };
  const whole = await agent.anthropic.messages.create(request);
  expect(agent.mock.requests).toHaveLength(4);
  const cache_creation = { ephemeral_5m_input_tokens: 12, ephemeral_1h_input_tokens: 0 };
  expect(whole.usage).toMatchObject({ ...all, cache_creation });

  const streamed = await agent.anthropic.messages.stream(request).finalMessage();
  expect(streamed.usage).toMatchObject({ ...all, cache_creation: null });
});
