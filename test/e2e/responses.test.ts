/** The Responses API with the real CLI: what is stored, what is continued, and which process answers it. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type OpenAI from "openai";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { temporaryFolder } from "../support/environment.ts";
import { failureOf } from "../support/failure.ts";
import { blocks, midStreamError, text, thinking, toolUse } from "../support/mock-anthropic.ts";
import { conversationIn, linesIn, systemIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

type Body = OpenAI.Responses.ResponseCreateParams;

const schema = { type: "object", properties: { city: { type: "string" } } };
const weather = {
  type: "function" as const,
  name: "get_weather",
  description: "The weather of a city",
  parameters: schema,
  strict: null,
};
const paris = { name: "get_weather", input: { city: "Paris" }, id: "toolu_paris" };
const rome = { name: "get_weather", input: { city: "Rome" }, id: "toolu_rome" };

/** What Codex sends with each of its requests. */
const codex = {
  model: "sonnet",
  store: false,
  stream: true as const,
  instructions: "You are a coding agent.",
  include: ["reasoning.encrypted_content" as const],
  reasoning: { summary: "auto" as const },
  parallel_tool_calls: true,
  tool_choice: "auto" as const,
  prompt_cache_key: "key",
  tools: [
    weather,
    { type: "namespace", name: "n", description: "d", tools: [{ type: "function", name: "x", parameters: schema }] },
    { type: "web_search", external_web_access: false },
  ] as OpenAI.Responses.Tool[],
};

/** The answer of a request, and the way that it took. */
async function ask(sluice: TestSluice, body: object) {
  const reply = await sluice.post("/v1/responses", { model: "sonnet", ...body });
  const response = (await reply.json()) as OpenAI.Responses.Response;
  const { headers, status } = reply;
  return { ...response, status, way: headers.get("x-sluice-way"), warning: headers.get("x-sluice-warning") };
}

/** The same as a stream, read by the SDK. */
async function askStreamed(sluice: TestSluice, body: Body) {
  const { data: stream, response } = await sluice.openai.responses.create({ ...body, stream: true }).withResponse();
  let last: OpenAI.Responses.Response | undefined;
  for await (const event of stream) if (event.type === "response.completed") last = event.response;
  if (last === undefined) throw new Error("the stream did not complete");
  return {
    ...last,
    way: response.headers.get("x-sluice-way"),
    warning: response.headers.get("x-sluice-warning"),
  };
}

const result = (call_id: string, output: string) => ({ type: "function_call_output" as const, call_id, output });

/** The shapes of an answer's items. */
const types = (response: { output: { type: string }[] }) => response.output.map(({ type }) => type);

describe("with one Sluice", () => {
  let sluice: TestSluice;
  beforeAll(async () => {
    sluice = await startSluice();
  });
  afterAll(async () => {
    await sluice[Symbol.asyncDispose]();
  });

  test("a stream and its final response", async () => {
    sluice.mock.respond(() => thinking("Hm.", "Hello!"));
    const stream = sluice.openai.responses.stream({ model: "sonnet", input: "Hi", reasoning: { summary: "auto" } });
    const deltas: string[] = [];
    stream.on("response.output_text.delta", ({ delta }) => void deltas.push(delta));
    const final = await stream.finalResponse();
    expect(final).toMatchObject({ status: "completed", output_text: "Hello!", model: "sonnet", store: true });
    expect(types(final)).toEqual(["reasoning", "message"]);
    expect(final.output[0]).toMatchObject({ summary: [{ text: "Hm." }] });
    expect(deltas.join("")).toBe("Hello!");
    expect(final.usage).toMatchObject({ input_tokens: 18, output_tokens: 7, total_tokens: 25 });
    expect(sluice.mock.requests.at(-1)?.body["thinking"]).toMatchObject({ type: "adaptive" });
    const stored = await sluice.openai.responses.retrieve(final.id);
    expect(stored).toMatchObject({ id: final.id, status: "completed", usage: { total_tokens: 25 } });
    expect(stored.output_text).toBe("Hello!");
  });

  test("a chain reaches the process that holds it, with its instructions or none", async () => {
    sluice.mock.respond(() => text("Noted. "));
    const instructions = "Be kind.";
    const one = await ask(sluice, { instructions, input: "My name is Ada." });
    const two = await ask(sluice, { instructions, input: "And?", previous_response_id: one.id });
    const three = await ask(sluice, { instructions, input: "So?", previous_response_id: two.id });
    expect([two.way, three.way]).toEqual(["live", "live"]);
    expect(linesIn(sluice.mock.requests.at(-1)?.body)).toEqual([
      "user: My name is Ada.",
      "assistant: Noted. ",
      "user: And?",
      "assistant: Noted. ",
      "user: So?",
    ]);
    const fork = await ask(sluice, { input: "Else?", previous_response_id: one.id });
    expect(fork).toMatchObject({ way: "replay", previous_response_id: one.id, instructions: null });
    expect(systemIn(sluice.mock.requests.at(-1)?.body)).not.toContain(instructions);
    expect(linesIn(sluice.mock.requests.at(-1)?.body)).toHaveLength(3);
  });

  test("a loop of function calls by previous_response_id stays in its process", async () => {
    const first = sluice.mock.requests.length;
    sluice.mock.respond((_, __, n) => {
      if (n === first + 1) return toolUse([paris, rome], { text: "Two cities." });
      return n === first + 2 ? toolUse([{ name: "get_weather", input: {}, id: "toolu_x" }]) : text("Sunny.");
    });
    const tools = [weather];
    const one = await askStreamed(sluice, { model: "sonnet", tools, input: "Weather?" });
    expect(types(one)).toEqual(["message", "function_call", "function_call"]);
    const two = await askStreamed(sluice, {
      model: "sonnet",
      tools,
      previous_response_id: one.id,
      input: [result("toolu_rome", "19"), result("toolu_paris", "22")],
    });
    expect(two).toMatchObject({ way: "parked", output: [{ call_id: "toolu_x", arguments: "{}" }] });
    const three = await ask(sluice, { tools, previous_response_id: two.id, input: [result("toolu_x", "?")] });
    expect(three).toMatchObject({ way: "parked", output: [{ content: [{ text: "Sunny." }] }] });
    expect(sluice.mock.requests).toHaveLength(first + 3);

    const partial = await ask(sluice, { tools, previous_response_id: one.id, input: [result("toolu_rome", "19")] });
    expect(partial.status as unknown).toBe(400);
    expect(JSON.stringify(partial.error)).toContain("toolu_paris");
  });

  test("the loop of Codex, which replays everything and stores nothing, stays in its process", async () => {
    const first = sluice.mock.requests.length;
    const thought = { type: "thinking" as const, thinking: "Which city?", signature: "c2lnbmF0dXJl" };
    sluice.mock.respond((_, __, n) =>
      n === first + 1 ? blocks([thought, { type: "tool_use", ...paris }]) : text("Sunny in Paris."),
    );
    const input: ResponseInputItem[] = [
      { type: "message", role: "developer", content: [{ type: "input_text", text: "Sandboxed." }] },
      { type: "message", role: "user", content: [{ type: "input_text", text: "Weather?" }] },
    ];
    const one = await askStreamed(sluice, { ...codex, input });
    expect(one.warning).toBe("tools.1 (namespace), tools.2 (web_search): only functions are available");
    expect(types(one)).toEqual(["reasoning", "function_call"]);
    input.push(...(one.output as ResponseInputItem[]), result("toolu_paris", "22 °C"));
    const two = await askStreamed(sluice, { ...codex, input });
    expect(two.way).toBe("parked");
    expect(two.output).toMatchObject([{ content: [{ text: "Sunny in Paris." }] }]);
    input.push(...(two.output as ResponseInputItem[]), { role: "user", content: "Thanks" });
    expect((await askStreamed(sluice, { ...codex, input })).way).toBe("live");
    expect(sluice.mock.requests).toHaveLength(first + 3);
    expect(await failureOf(sluice.openai.responses.retrieve(one.id))).toMatchObject({ status: 404 });
  });

  test("a page of the input's items after the other, the newest first", async () => {
    sluice.mock.respond(() => text("Yes."));
    const said = Array.from({ length: 5 }, (_, n) => ({ role: "user" as const, content: `part ${n}` }));
    const { id } = await ask(sluice, {
      input: [...said, { role: "assistant", content: "a" }, { role: "user", content: "b" }],
    });
    const texts = async (query: object) => {
      const found: string[] = [];
      for await (const item of sluice.openai.responses.inputItems.list(id, query)) found.push(JSON.stringify(item));
      return found.map((json) => /"text":"([^"]*)"/.exec(json)?.[1]);
    };
    const all = ["part 0", "part 1", "part 2", "part 3", "part 4", "a", "b"];
    expect(await texts({ limit: 2 })).toEqual(all.toReversed());
    expect(await texts({ limit: 3, order: "asc" })).toEqual(all);
    const page = await sluice.openai.responses.inputItems.list(id, { limit: 2 });
    expect(page.data[1]).toEqual({
      id: expect.stringMatching(/^msg_/),
      type: "message",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: "a", annotations: [], logprobs: [] }],
    });
    const raw = await (await fetch(`${sluice.url}/v1/responses/${id}/input_items?limit=2`)).json();
    expect(raw).toMatchObject({
      object: "list",
      first_id: page.data[0]?.id,
      last_id: page.data[1]?.id,
      has_more: true,
    });
    expect(await failureOf(sluice.openai.responses.inputItems.list(id, { limit: 0 }))).toMatchObject({
      param: "limit",
    });
  });

  test("the stream of a stored response, again and from the middle", async () => {
    sluice.mock.respond(() => thinking("Hm.", "Hello, you!", { chunks: 5 }));
    const reply = await sluice.post("/v1/responses", { model: "sonnet", input: "Hi", stream: true });
    const live = await reply.text();
    const id = /"id":"(resp_\w+)"/.exec(live)?.[1] ?? "";
    const again = await fetch(`${sluice.url}/v1/responses/${id}?stream=true`);
    expect(again.headers.get("content-type")).toStartWith("text/event-stream");
    expect(await again.text()).toBe(live);

    const after: number[] = [];
    const stream = await sluice.openai.responses.retrieve(id, { stream: true, starting_after: 9 });
    for await (const event of stream) after.push(event.sequence_number);
    const [first, ...others] = after;
    expect(first).toBe(10);
    expect(others).toEqual(others.map((_, n) => n + 11));
    const final = await sluice.openai.responses.stream({ response_id: id, starting_after: 3 }).finalResponse();
    expect(final.output_text).toBe("Hello, you!");
  });

  test("what is deleted is gone, and can't be continued", async () => {
    sluice.mock.respond(() => text("Yes."));
    const { id } = await ask(sluice, { input: "Hi" });
    const reply = await fetch(`${sluice.url}/v1/responses/${id}`, { method: "DELETE" });
    expect(await reply.json()).toEqual({ id, object: "response", deleted: true });
    expect(await failureOf(sluice.openai.responses.delete(id))).toMatchObject({ status: 404 });
    const lost = await fetch(`${sluice.url}/v1/responses/${id}`);
    expect([lost.status, await lost.json()]).toEqual([
      404,
      {
        error: {
          message: `Response with id '${id}' not found.`,
          type: "invalid_request_error",
          param: "response_id",
          code: null,
        },
      },
    ]);
    const chained = sluice.openai.responses.create({ model: "sonnet", input: "Hi", previous_response_id: id });
    expect(await failureOf(chained)).toMatchObject({ status: 400, code: "previous_response_not_found" });
  });

  test("compact, and the rest of what can be asked for", async () => {
    sluice.mock.respond(() => text("Ada."));
    const one = await ask(sluice, { input: "My name is Ada." });
    const compacted = await sluice.openai.responses.compact({ model: "sonnet", previous_response_id: one.id });
    const input = [...(compacted.output as ResponseInputItem[]), { role: "user" as const, content: "Who?" }];
    expect(await ask(sluice, { input })).toMatchObject({ way: "live" });
    expect(linesIn(sluice.mock.requests.at(-1)?.body)).toEqual([
      "user: My name is Ada.",
      "assistant: Ada.",
      "user: Who?",
    ]);

    expect(await failureOf(sluice.openai.responses.cancel(one.id))).toMatchObject({ status: 400 });
    for (const [method, path, status] of [
      ["POST", `/v1/responses/${one.id}`, 405],
      ["GET", "/v1/responses", 405],
      ["GET", "/v1/responses/compact", 405],
      ["GET", "/v1/responses/nothing", 404],
      ["GET", `/v1/responses/${one.id}/nothing`, 404],
      ["GET", `/v1/responses/${one.id}?stream=true&starting_after=x`, 400],
    ] as const) {
      const reply = await fetch(sluice.url + path, { method });
      expect([path, reply.status]).toEqual([path, status]);
      expect(Object.keys((await reply.json()) as object)).toEqual(["error"]);
    }
  });

  test("a failure in mid-stream is told, stored, and can't be continued", async () => {
    sluice.mock.respond(() =>
      midStreamError("overloaded_error", "Overloaded", { of: text("Hello, you!", { chunks: 3 }), afterEvents: 5 }),
    );
    const reply = await sluice.post("/v1/responses", { model: "sonnet", input: "Hi", stream: true });
    const body = await reply.text();
    expect(body).toContain("event: error\n");
    expect(body).toContain("event: response.failed\n");
    expect(body).toEndWith("data: [DONE]\n\n");
    const id = /"id":"(resp_\w+)"/.exec(body)?.[1] ?? "";
    expect(await sluice.openai.responses.retrieve(id)).toMatchObject({
      status: "failed",
      error: { message: expect.any(String) },
    });
    expect(await ask(sluice, { input: "Hi", previous_response_id: id })).toMatchObject({ status: 400 });
    await sluice.quiet();
  });
});

describe("with another Sluice and the same state", () => {
  test("a stored response is there, and is continued with its reasoning as it was signed", async () => {
    await using state = await temporaryFolder();
    const env = { XDG_STATE_HOME: state.path };
    const carried: OpenAI.Responses.ResponseOutputItem[] = [];
    let id: string;
    {
      await using first = await startSluice({ env });
      first.mock.respond(() =>
        blocks([
          { type: "thinking", thinking: "Which?", signature: "c2lnbmF0dXJl" },
          { type: "tool_use", ...paris },
        ]),
      );
      const one = await ask(first, { ...codex, stream: false, store: true, input: "Weather?" });
      carried.push(...one.output);
      ({ id } = one);
    }
    await using second = await startSluice({ env });
    second.mock.respond(() => text("Sunny."));
    expect(await second.openai.responses.retrieve(id)).toMatchObject({ id, status: "completed" });
    const output = [result("toolu_paris", "22")];
    const replayed = [{ role: "user", content: "Weather?" }, ...carried, ...output];
    const unsealed = replayed.map((item) => ({ ...item, encrypted_content: undefined }));
    for (const more of [{ previous_response_id: id, input: output }, { input: replayed }, { input: unsealed }]) {
      const answered = await ask(second, { ...codex, stream: false, ...more });
      expect(answered).toMatchObject({ way: "replay", output: [{ content: [{ text: "Sunny." }] }] });
      expect(answered.warning).not.toContain("encrypted_content");
      expect(conversationIn(second.mock.requests.at(-1)?.body)).toMatchObject([
        { role: "user", content: [{ text: "Weather?" }] },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "Which?", signature: "c2lnbmF0dXJl" },
            { type: "tool_use", id: "toolu_paris", name: "get_weather", input: { city: "Paris" } },
          ],
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_paris" }] },
      ]);
    }
  });

  test("reasoning that was sealed elsewhere is left out, and the answer says so", async () => {
    let carried: OpenAI.Responses.ResponseOutputItem[];
    {
      await using first = await startSluice();
      first.mock.respond(() => thinking("Hm.", "Hello!"));
      carried = (await ask(first, { ...codex, stream: false, input: "Hi" })).output;
    }
    await using second = await startSluice();
    const input = [{ role: "user", content: "Hi" }, ...carried, { role: "user", content: "So?" }];
    const answered = await ask(second, { ...codex, stream: false, input });
    expect(answered.warning).toContain("input.1: ignored, as its encrypted_content was not sealed here");
    expect(linesIn(second.mock.requests.at(-1)?.body)).toEqual(["user: Hi", "assistant: Hello!", "user: So?"]);
  });

  test("a response expires with --response-ttl", async () => {
    await using sluice = await startSluice({ args: ["--response-ttl", "1500ms"] });
    const { id } = await ask(sluice, { input: "Hi" });
    expect((await fetch(`${sluice.url}/v1/responses/${id}`)).status).toBe(200);
    await Bun.sleep(1600);
    expect((await fetch(`${sluice.url}/v1/responses/${id}`)).status).toBe(404);
  });

  test("a database that can't be opened stops nothing but what needs it", async () => {
    await using state = await temporaryFolder();
    await using sluice = await startSluice({ env: { XDG_STATE_HOME: state.path } });
    mkdirSync(join(state.path, "sluice"), { recursive: true });
    writeFileSync(join(state.path, "sluice", "sluice.db"), "This is no database. ".repeat(100));
    const answered = await ask(sluice, { input: "Hi" });
    expect(answered).toMatchObject({ store: false, output: [{ content: [{ text: "You said: Hi" }] }] });
    expect(answered.warning).toContain("is damaged: move it away");
    expect((await ask(sluice, { input: "Hi", store: false })).warning).toBeNull();
    for (const body of [{ store: true }, { previous_response_id: "resp_1" }]) {
      const refused = await ask(sluice, { input: "Hi", ...body });
      expect(refused.error?.message).toContain("is damaged: move it away");
      expect(refused.status as unknown).toBe(500);
    }
    expect((await fetch(`${sluice.url}/v1/responses/resp_1`)).status).toBe(500);
  });
});
