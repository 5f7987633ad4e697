/** The helpers of openai for Chat Completions and models that read our bytes, through the real CLI. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { ContentFilterFinishReasonError, LengthFinishReasonError } from "openai/core/error";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import { z } from "zod";
import { failureOf } from "../support/failure.ts";
import {
  error,
  type Handler,
  midStreamError,
  refusal,
  stall,
  text,
  thinking,
  toolUse,
} from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const say = (content: string) => ({ model: "sonnet", messages: [{ role: "user" as const, content }] });

const City = z.object({ name: z.string(), rivers: z.array(z.string()), mayor: z.string().nullable() });
const paris = { name: "Paris", rivers: ["Seine"], mayor: null };

const weather = zodFunction({
  name: "get_weather",
  description: "The weather of a city",
  parameters: z.object({ city: z.string(), unit: z.enum(["C", "F"]).nullable() }),
  function: ({ city }) => `temp-${city}`,
});
const call = (city: string, id: string) => ({ name: "get_weather", input: { city, unit: null }, id });

let sluice: TestSluice;
let completions: OpenAI.Chat.Completions;
beforeAll(async () => {
  sluice = await startSluice();
  ({ completions } = sluice.openai.chat);
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

describe("create", () => {
  test("with the response and the request's id, whole and streamed", async () => {
    sluice.mock.respond(() => text("Hello!"));
    const { data, response, request_id } = await completions.create(say("Hi")).withResponse();
    expect(data).toMatchObject({ object: "chat.completion", model: "sonnet" });
    expect(data.choices).toMatchObject([
      { index: 0, finish_reason: "stop", message: { role: "assistant", content: "Hello!", refusal: null } },
    ]);
    expect(data.usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 7, total_tokens: 25 });
    expect(request_id).toMatch(/^req_/);
    expect([Reflect.get(data, "_request_id"), response.headers.get("x-request-id")]).toEqual([request_id, request_id]);

    const options = { stream: true, stream_options: { include_usage: true } } as const;
    const streamed = await completions.create({ ...say("Hi"), ...options }).withResponse();
    const [chunks, teed] = streamed.data.tee();
    const all = await Array.fromAsync(chunks);
    expect(all.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello!");
    expect(all.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 25 } });
    expect(new Set(all.map(({ id, created, model }) => [id, created, model].join())).size).toBe(1);
    expect(await Array.fromAsync(teed)).toEqual(all);
  });
});

describe("stream", () => {
  test("every listener of a text, and every way to its end", async () => {
    sluice.mock.respond(() => thinking("Hm.", "Hello, you!", { chunks: 4 }));
    const stream = completions.stream({
      ...say("Hi"),
      reasoning_effort: "low",
      stream_options: { include_usage: true },
    });
    const heard: string[] = [];
    const pieces = { reasoning: "", content: "", delta: "", chunk: "" };
    stream
      .on("connect", () => heard.push("connect"))
      .on("chunk", ({ choices }, snapshot) => {
        const delta = choices[0]?.delta as { content?: string; reasoning_content?: string } | undefined;
        pieces.chunk += delta?.content ?? "";
        pieces.reasoning += delta?.reasoning_content ?? "";
        expect(snapshot.choices[0]?.message.content ?? "").toBe(pieces.chunk);
      })
      .on("content", (delta, snapshot) => {
        pieces.content += delta;
        expect(snapshot).toBe(pieces.content);
      })
      .on("content.delta", ({ delta, snapshot }) => {
        pieces.delta += delta;
        expect(snapshot).toBe(pieces.delta);
      })
      .on("content.done", ({ content }) => heard.push(`content.done ${content}`))
      .on("message", ({ role }) => heard.push(`message of the ${role}`))
      .on("chatCompletion", ({ object }) => heard.push(object))
      .on("finalChatCompletion", ({ choices }) => heard.push(`finalChatCompletion ${choices[0]?.finish_reason}`))
      .on("finalMessage", ({ role }) => heard.push(`finalMessage of the ${role}`))
      .on("finalContent", (content) => heard.push(`finalContent ${content}`))
      .on("totalUsage", ({ total_tokens }) => heard.push(`totalUsage ${total_tokens}`))
      .on("end", () => heard.push("end"));
    const final = await stream.finalChatCompletion();
    await stream.done();
    expect(heard).toEqual([
      "connect",
      "content.done Hello, you!",
      "chat.completion",
      "message of the assistant",
      "finalChatCompletion stop",
      "finalMessage of the assistant",
      "finalContent Hello, you!",
      "totalUsage 25",
      "end",
    ]);
    const told = "Hello, you!";
    expect(pieces).toEqual({ reasoning: "Hm.", content: told, delta: told, chunk: told });
    expect(await stream.finalContent()).toBe(told);
    expect(await stream.finalMessage()).toEqual(final.choices[0]!.message);
    expect((await stream.totalUsage()).prompt_tokens).toBe(18);
    expect(stream.allChatCompletions()).toHaveLength(1);
  });

  test("every listener of calls, and what they parse", async () => {
    sluice.mock.respond(() => toolUse([call("Paris", "toolu_1"), call("Rome", "toolu_2")], { text: "Two cities." }));
    const stream = completions.stream({ ...say("Weather?"), tools: [weather] });
    const deltas = ["", ""];
    const done: unknown[] = [];
    stream
      .on("tool_calls.function.arguments.delta", ({ index, name, arguments: all, arguments_delta }) => {
        deltas[index] += arguments_delta;
        expect([name, all]).toEqual(["get_weather", deltas[index] ?? ""]);
      })
      .on("tool_calls.function.arguments.done", ({ index, parsed_arguments }) => done.push([index, parsed_arguments]));
    const final = await stream.finalChatCompletion();
    expect(done).toEqual([
      [0, { city: "Paris", unit: null }],
      [1, { city: "Rome", unit: null }],
    ]);
    expect(deltas.map((json) => JSON.parse(json).city)).toEqual(["Paris", "Rome"]);
    expect(final.choices[0]).toMatchObject({ finish_reason: "tool_calls", message: { content: "Two cities." } });
    expect(final.choices[0]?.message.tool_calls).toMatchObject([
      { id: "toolu_1", type: "function", function: { name: "get_weather", parsed_arguments: { city: "Paris" } } },
      { id: "toolu_2", type: "function", function: { name: "get_weather", parsed_arguments: { city: "Rome" } } },
    ]);
    expect((await stream.finalFunctionToolCall())?.name).toBe("get_weather");
  });

  test("a refusal", async () => {
    sluice.mock.respond(refusal);
    const stream = completions.stream(say("Hi"));
    const told = { delta: "", done: "" };
    stream.on("refusal.delta", ({ delta }) => (told.delta += delta));
    stream.on("refusal.done", ({ refusal }) => (told.done = refusal));
    const { finish_reason, message } = (await stream.finalChatCompletion()).choices[0]!;
    expect(finish_reason).toBe("content_filter");
    expect(message.refusal).toContain("declined");
    expect(told).toEqual({ delta: message.refusal ?? "", done: message.refusal ?? "" });
  });

  test("for await, and through a stream of bytes to another reader", async () => {
    sluice.mock.respond(() => text("Hello!"));
    const seen = await Array.fromAsync(completions.stream(say("Hi")));
    expect(seen.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe("Hello!");
    const sent = completions.stream(say("Hi")).toReadableStream();
    expect(await ChatCompletionStream.fromReadableStream(sent).finalContent()).toBe("Hello!");
  });

  test("an abort is heard as one, and a failure in the middle as an error", async () => {
    sluice.mock.respond(() => stall(6, { of: text("one two three", { chunks: 3 }) }));
    const left = completions.stream(say("Hi"));
    const aborted = left.emitted("abort");
    left.once("content", () => left.abort());
    expect(await failureOf(left.finalMessage())).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(await aborted).toBeInstanceOf(OpenAI.APIUserAbortError);

    sluice.mock.respond(() => midStreamError("overloaded_error", "Overloaded"));
    const broken = completions.stream(say("Hi"));
    const heard: unknown[] = [];
    broken.on("error", (failure) => heard.push(failure));
    const failure = await failureOf(broken.finalMessage());
    expect(failure).toMatchObject({ message: expect.stringContaining("Overloaded") });
    expect(heard).toEqual([failure]);
    await sluice.quiet();
  });
});

describe("structured outputs", () => {
  const asJson: Handler = () => text(JSON.stringify(paris), { chunks: 6 });
  const asked = { ...say("Which city?"), response_format: zodResponseFormat(City, "city") };

  test("parsed: whole, streamed, and beside tools", async () => {
    sluice.mock.respond(asJson);
    const parsed = await completions.parse(asked);
    expect(parsed.choices[0]?.message.parsed).toEqual(paris);
    const sent = sluice.mock.requests.at(-1)?.body["output_config"] as { format: { schema: unknown } };
    const { $schema: _, ...schema } = asked.response_format.json_schema.schema ?? {};
    expect(sent.format.schema).toMatchObject(schema);

    const stream = completions.stream({ ...asked, tools: [weather] });
    const partial: unknown[] = [];
    const done: unknown[] = [];
    stream.on("content.delta", ({ parsed }) => partial.push(parsed));
    stream.on("content.done", ({ parsed }) => done.push(parsed));
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]?.message.parsed?.rivers).toEqual(["Seine"]);
    expect(partial.at(-1)).toEqual(paris);
    expect(done).toEqual([paris]);

    sluice.mock.respond(() => toolUse([call("Paris", "toolu_1")]));
    const called = await completions.parse({ ...asked, tools: [weather] });
    expect(called.choices[0]?.message).toMatchObject({
      parsed: null,
      tool_calls: [{ function: { parsed_arguments: { city: "Paris", unit: null } } }],
    });
  });

  test("an answer that is cut, refused, or no JSON is an error to the SDK", async () => {
    sluice.mock.respond(() => text('{"name":"Par', { stop_reason: "max_tokens" }));
    expect(await failureOf(completions.parse(asked))).toBeInstanceOf(LengthFinishReasonError);
    expect(await failureOf(completions.stream(asked).finalChatCompletion())).toBeInstanceOf(LengthFinishReasonError);
    sluice.mock.respond(refusal);
    expect(await failureOf(completions.parse(asked))).toBeInstanceOf(ContentFilterFinishReasonError);
    sluice.mock.respond(() => text('{"name":"Paris"}'));
    expect(await failureOf(completions.parse(asked))).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await failureOf(completions.stream(asked).finalChatCompletion())).toBeInstanceOf(OpenAI.APIError);
  });
});

describe("runTools", () => {
  test.each([[false], [true]])("every listener and every final value (streamed: %p)", async (streamed) => {
    const first = sluice.mock.requests.length;
    sluice.mock.respond((_, __, n) => {
      if (n === first + 1) return toolUse([call("Paris", "toolu_1"), call("Rome", "toolu_2")]);
      return n === first + 2 ? toolUse([call("Oslo", "toolu_3")], { text: "One more." }) : text("Mild.");
    });
    // The SDK's types tell the two apart; what is asked of both is the same.
    const runner = completions.runTools({
      ...say(`Weather? ${streamed}`),
      tools: [weather],
      stream: streamed as false,
    });
    const heard: string[] = [];
    runner
      .on("message", ({ role }) => heard.push(role))
      .on("functionToolCall", ({ arguments: json }) => heard.push(`call ${JSON.parse(json).city}`))
      .on("functionToolCallResult", (result) => heard.push(`result ${result}`))
      .on("finalFunctionToolCallResult", (result) => heard.push(`last ${result}`));
    expect(await runner.finalContent()).toBe("Mild.");
    expect(heard.join(", ")).toBe(
      [
        "assistant, call Paris, call Rome, tool, result temp-Paris, tool, result temp-Rome",
        "assistant, call Oslo, tool, result temp-Oslo",
        "assistant, last temp-Oslo",
      ].join(", "),
    );
    expect(await runner.finalFunctionToolCall()).toMatchObject({ name: "get_weather" });
    expect(await runner.finalFunctionToolCallResult()).toBe("temp-Oslo");
    expect((await runner.totalUsage()).total_tokens).toBe(streamed ? 0 : 75);
    expect(runner.allChatCompletions()).toHaveLength(3);
    expect(sluice.mock.requests).toHaveLength(first + 3);
  });
});

describe("models", () => {
  test("listed on one page, and one by its name", async () => {
    const { models } = sluice.openai;
    const page = await models.list();
    expect([page.object, page.hasNextPage()]).toEqual(["list", false]);
    const ids = (await Array.fromAsync(models.list())).map(({ id }) => id);
    expect(ids).toEqual(page.data.map(({ id }) => id));
    expect(await models.retrieve("sonnet")).toMatchObject({
      id: "sonnet",
      object: "model",
      created: expect.any(Number),
    });
  });
});

describe("a failure is of the class of its status", () => {
  test.each([
    [400, "invalid_request_error", OpenAI.BadRequestError],
    [401, "authentication_error", OpenAI.AuthenticationError],
    [402, "billing_error", OpenAI.APIError],
    [403, "permission_error", OpenAI.PermissionDeniedError],
    [404, "not_found_error", OpenAI.NotFoundError],
    [429, "rate_limit_error", OpenAI.RateLimitError],
    [500, "api_error", OpenAI.InternalServerError],
    [529, "overloaded_error", OpenAI.InternalServerError],
  ])("%p", async (status, type, of) => {
    sluice.mock.respond(() => error(status, type, "so said the upstream", { "x-should-retry": "false" }));
    const failure = await failureOf(completions.stream(say("Hi")).finalMessage());
    expect(failure).toBeInstanceOf(of);
    expect(failure).toMatchObject({ status: status === 529 ? 503 : status, requestID: expect.stringMatching(/^req_/) });
  });

  test("also of what never reaches the upstream", async () => {
    expect(await failureOf(completions.create({ ...say("Hi"), n: 2 }))).toMatchObject({ status: 400, param: "n" });
    const unknown = await failureOf(completions.create({ ...say("Hi"), model: "gpt-5" }));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: "model_not_found", param: "model" });
    for (const missing of [
      () => completions.retrieve("chatcmpl-1"),
      () => sluice.openai.models.retrieve("gpt-5"),
      () => sluice.openai.embeddings.create({ model: "e", input: "Hi" }),
    ]) {
      expect(await failureOf(missing())).toBeInstanceOf(OpenAI.NotFoundError);
    }
  });
});
