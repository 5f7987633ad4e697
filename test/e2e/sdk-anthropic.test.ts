/** The helpers of @anthropic-ai/sdk that read our bytes, through the real CLI. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import { betaZodOutputFormat, betaZodTool } from "@anthropic-ai/sdk/helpers/beta/zod";
import { jsonSchemaOutputFormat } from "@anthropic-ai/sdk/helpers/json-schema";
import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { BetaMessageStream } from "@anthropic-ai/sdk/lib/BetaMessageStream";
import { MessageStream } from "@anthropic-ai/sdk/lib/MessageStream";
import { z } from "zod";
import { failureOf } from "../support/failure.ts";
import {
  blocks,
  error,
  events,
  eventsOf,
  type Handler,
  messageOf,
  midStreamError,
  stall,
  type StreamEvent,
  text,
  thinking,
  toolUse,
} from "../support/mock-anthropic.ts";
import { conversationIn, linesIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const withoutLimit = (content: string) => ({ model: "sonnet", messages: [{ role: "user" as const, content }] });
const say = (content: string) => ({ ...withoutLimit(content), max_tokens: 4000 });

const weather = {
  name: "get_weather",
  description: "The weather of a city",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};

const City = z.object({ name: z.string(), rivers: z.array(z.string()), people: z.int().describe("How many") });
const paris = { name: "Paris", rivers: ["Seine"], people: 2_100_000 };
const asJson: Handler = () => text(JSON.stringify(paris), { chunks: 7 });

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice();
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

describe("messages.create", () => {
  test("with the response, the request's id, and the raw bytes", async () => {
    sluice.mock.respond(() => text("Hello!"));
    const { messages } = sluice.anthropic;
    const { data, response, request_id } = await messages.create(say("Hi")).withResponse();
    expect(data.content).toEqual([{ type: "text", text: "Hello!" }] as typeof data.content);
    expect(data).toMatchObject({ type: "message", role: "assistant", model: "sonnet", stop_reason: "end_turn" });
    expect(data.usage).toMatchObject({ input_tokens: 10, output_tokens: 7, cache_read_input_tokens: 5 });
    expect(request_id).toMatch(/^req_/);
    expect([Reflect.get(data, "_request_id"), response.headers.get("request-id")]).toEqual([request_id, request_id]);

    const raw = await messages.create(say("Hi")).asResponse();
    expect(Object.keys((await raw.json()) as object)).toEqual(Object.keys(data));

    const streamed = await messages.create({ ...say("Hi"), stream: true }).withResponse();
    const [own, teed] = streamed.data.tee();
    const types: string[] = [];
    for await (const event of own) types.push(event.type);
    expect(types.filter((type) => !/ping|delta/.test(type))).toEqual([
      "message_start",
      "content_block_start",
      "content_block_stop",
      "message_stop",
    ]);
    const copied: string[] = [];
    for await (const event of teed) copied.push(event.type);
    expect(copied).toEqual(types);
    expect(streamed.request_id).toMatch(/^req_/);
  });
});

describe("countTokens", () => {
  test("of both, counts more where there is more", async () => {
    for (const messages of [sluice.anthropic.messages, sluice.anthropic.beta.messages]) {
      const { input_tokens } = await messages.countTokens(withoutLimit("Hi"));
      expect(input_tokens).toBeGreaterThan(0);
      const more = await messages.countTokens({ ...withoutLimit("Hi. ".repeat(500)), tools: [weather] });
      expect(more.input_tokens).toBeGreaterThan(input_tokens + 500);
    }
  });
});

describe("messages.stream", () => {
  test("every listener, in its order, and every way to the end", async () => {
    sluice.mock.respond(() =>
      blocks([
        { type: "thinking", thinking: "Which city?", signature: "c2lnbmF0dXJl" },
        { type: "text", text: "Let me see." },
        { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris" } },
      ]),
    );
    const stream = sluice.anthropic.messages.stream({
      ...say("Weather?"),
      thinking: { type: "adaptive" },
      tools: [weather],
    });
    const heard: string[] = [];
    const pieces = { text: "", thinking: "", json: "" };
    stream
      .on("connect", () => heard.push("connect"))
      .on("streamEvent", ({ type }, snapshot) => {
        if (type === "message_start") heard.push(`start of ${snapshot.id}`);
      })
      .on("thinking", (delta, snapshot) => {
        pieces.thinking += delta;
        expect(snapshot).toBe(pieces.thinking);
      })
      .on("signature", (signature) => heard.push(`signature ${signature}`))
      .on("text", (delta, snapshot) => {
        pieces.text += delta;
        expect(snapshot).toBe(pieces.text);
      })
      .on("inputJson", (delta) => (pieces.json += delta))
      .on("contentBlock", ({ type }) => heard.push(`block ${type}`))
      .on("message", ({ stop_reason }) => heard.push(`message ${stop_reason}`))
      .on("finalMessage", () => heard.push("finalMessage"))
      .on("end", () => heard.push("end"));
    const emitted = stream.emitted("message");
    const { response, request_id } = await stream.withResponse();
    expect(response.headers.get("request-id")).toBe(request_id ?? "");
    const final = await stream.finalMessage();
    await stream.done();

    expect(heard).toEqual([
      "connect",
      `start of ${final.id}`,
      "signature c2lnbmF0dXJl",
      "block thinking",
      "block text",
      "block tool_use",
      "message tool_use",
      "finalMessage",
      "end",
    ]);
    expect(pieces).toEqual({ text: "Let me see.", thinking: "Which city?", json: '{"city":"Paris"}' });
    expect(final.content).toMatchObject([
      { type: "thinking", thinking: "Which city?", signature: "c2lnbmF0dXJl" },
      { type: "text", text: "Let me see." },
      { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris" } },
    ]);
    expect(await emitted).toEqual(final);
    expect(await stream.finalText()).toBe("Let me see.");
    expect([stream.ended, stream.errored, stream.aborted]).toEqual([true, false, false]);
    expect(stream.receivedMessages).toEqual([final]);
    expect(stream.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  });

  test("citations", async () => {
    const citation = {
      type: "char_location",
      cited_text: "Rain.",
      document_index: 0,
      document_title: null,
      file_id: null,
      start_char_index: 0,
      end_char_index: 5,
    };
    sluice.mock.respond((body) => {
      const told: StreamEvent[] = eventsOf(messageOf(text("It rains."), "msg_cited", body.model), 1);
      const begun = told.findIndex(({ type }) => type === "content_block_start");
      const cites = { type: "content_block_delta", index: 0, delta: { type: "citations_delta", citation } };
      return events(told.toSpliced(begun + 1, 0, cites));
    });
    const cited: unknown[] = [];
    const stream = sluice.anthropic.messages.stream(say("Weather?")).on("citation", (one) => cited.push(one));
    const [block] = (await stream.finalMessage()).content;
    expect<unknown>(cited).toEqual([citation]);
    expect<unknown>(block).toEqual({ type: "text", text: "It rains.", citations: [citation] });
  });

  test("for await, and through a stream of bytes to another reader", async () => {
    sluice.mock.respond(() => thinking("Hm.", "Hello!"));
    const direct = sluice.anthropic.messages.stream(say("Hi"));
    const types: string[] = [];
    for await (const { type } of direct) types.push(type);
    expect([types[0], types.at(-1)]).toEqual(["message_start", "message_stop"]);

    const sent = sluice.anthropic.messages.stream(say("Hi")).toReadableStream();
    expect(await MessageStream.fromReadableStream(sent).finalText()).toBe("Hello!");
  });

  test("an abort is heard as one, and a failure in the middle as the API's own error", async () => {
    sluice.mock.respond(() => stall(6, { of: text("one two three", { chunks: 3 }) }));
    const left = sluice.anthropic.messages.stream(say("Hi"));
    const aborted = left.emitted("abort");
    left.once("text", () => left.abort());
    expect(await failureOf(left.finalMessage())).toBeInstanceOf(Anthropic.APIUserAbortError);
    expect(await aborted).toBeInstanceOf(Anthropic.APIUserAbortError);
    expect([left.aborted, left.currentMessage?.role]).toEqual([true, "assistant"]);

    sluice.mock.respond(() => midStreamError("overloaded_error", "Overloaded"));
    const broken = sluice.anthropic.messages.stream(say("Hi"));
    const heard: unknown[] = [];
    broken.on("error", (failure) => heard.push(failure));
    const failure = await failureOf(broken.finalMessage());
    expect(failure).toBeInstanceOf(Anthropic.APIError);
    expect(failure).toMatchObject({ type: "overloaded_error", message: expect.stringContaining("Overloaded") });
    expect(heard).toEqual([failure]);
    await sluice.quiet();
  });
});

describe("structured outputs", () => {
  test("zod: whole and streamed, and the upstream holds the model to the schema", async () => {
    sluice.mock.respond(asJson);
    const asked = { ...say("Which city?"), output_config: { format: zodOutputFormat(City) } };
    const parsed = await sluice.anthropic.messages.parse(asked);
    expect(parsed.parsed_output).toEqual(paris);
    const format = sluice.mock.requests.at(-1)?.body["output_config"] as { format: unknown };
    const { parse: _, ...wire } = zodOutputFormat(City);
    expect(format.format).toEqual(wire);

    const stream = sluice.anthropic.messages.stream(asked);
    const final = await stream.finalMessage();
    expect(final.parsed_output?.rivers).toEqual(["Seine"]);
    expect(final.content[0]).toMatchObject({ type: "text", parsed_output: paris });
    expect(JSON.parse(await stream.finalText())).toEqual(paris);
  });

  test("a JSON schema, beside tools, and none in an answer that calls one", async () => {
    const format = jsonSchemaOutputFormat({
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
      additionalProperties: false,
    } as const);
    const asked = { ...say("Which city?"), tools: [weather], output_config: { format } };
    sluice.mock.respond(() => text('{"name":"Paris"}'));
    expect((await sluice.anthropic.messages.parse(asked)).parsed_output).toEqual({ name: "Paris" });
    sluice.mock.respond(() => toolUse([{ name: "get_weather", input: { city: "Paris" } }]));
    expect(await sluice.anthropic.messages.parse(asked)).toMatchObject({
      parsed_output: null,
      stop_reason: "tool_use",
    });
  });

  test("an answer that is no JSON fails, streamed or not, rather than to be parsed", async () => {
    sluice.mock.respond(() => text("I would rather not."));
    const asked = { ...say("Which city?"), output_config: { format: zodOutputFormat(City) } };
    expect(await failureOf(sluice.anthropic.messages.parse(asked))).toBeInstanceOf(Anthropic.InternalServerError);
    expect(await failureOf(sluice.anthropic.messages.stream(asked).finalMessage())).toBeInstanceOf(Anthropic.APIError);
  });

  test("the betas: create, parse and stream", async () => {
    sluice.mock.respond(asJson);
    const { messages } = sluice.anthropic.beta;
    const plain = await messages.create({ ...say("Which city?"), betas: ["context-1m-2025-08-07"] });
    expect(JSON.parse(plain.content[0]?.type === "text" ? plain.content[0].text : "")).toEqual(paris);
    expect(sluice.mock.requests.at(-1)?.headers.get("anthropic-beta")).toContain("context-1m-2025-08-07");

    const format = betaZodOutputFormat(City);
    const named = { ...say("Which city?"), output_config: { format } };
    // What it was called before.
    const older = { ...say("Which city?"), output_format: format } as unknown as typeof named;
    for (const asked of [named, older]) {
      expect((await messages.parse(asked)).parsed_output).toEqual(paris);
      const stream = messages.stream(asked);
      const sent = stream.toReadableStream();
      expect(JSON.parse(await BetaMessageStream.fromReadableStream(sent).finalText())).toEqual(paris);
      expect((await stream.finalMessage()).parsed_output).toEqual(paris);
    }
  });
});

describe("beta.messages.toolRunner", () => {
  const tool = (asked: string[]) =>
    betaZodTool({
      name: "get_weather",
      description: "The weather of a city",
      inputSchema: z.object({ city: z.string() }),
      run: ({ city }) => {
        asked.push(city);
        if (city === "Atlantis") throw new Error("There is no Atlantis");
        return `temp-${city}`;
      },
    });

  /** Two calls at once, of which one fails; one more; then an answer that tells all. */
  const loop: Handler = (body) => {
    const seen =
      JSON.stringify(body.messages)
        .match(/temp-[A-Z]\w+|no Atlantis/g)
        ?.sort() ?? [];
    const call = (city: string) => ({ name: "get_weather", input: { city } });
    if (seen.length === 0) return toolUse([call("Paris"), call("Atlantis")], { text: "Two first." });
    if (seen.length === 2) return toolUse([call("Oslo")]);
    return text(`All: ${seen.join(", ")}`);
  };
  const answer = "All: no Atlantis, temp-Oslo, temp-Paris";

  test.each([
    ["whole", {}],
    ["without threads", { thread: false as const }],
    ["streamed", { stream: true as const }],
    ["streamed, with each tool run at once", { stream: true as const, runToolsEagerly: true }],
  ])("%s", async (_, options) => {
    sluice.mock.respond(loop);
    const first = sluice.mock.requests.length;
    const asked: string[] = [];
    const runner = sluice.anthropic.beta.messages.toolRunner({ ...say("Weather?"), tools: [tool(asked)], ...options });
    const turns: string[] = [];
    for await (const turn of runner) {
      const message = turn instanceof BetaMessageStream ? await turn.finalMessage() : turn;
      turns.push(message.content.map(({ type }) => type).join(" "));
    }
    expect(turns).toEqual(["text tool_use tool_use", "tool_use", "text"]);
    expect((await runner.done()).content).toMatchObject([{ type: "text", text: answer }]);
    expect(asked).toEqual(["Paris", "Atlantis", "Oslo"]);
    expect(sluice.mock.requests).toHaveLength(first + 3);
  });

  test("a thread of the SDK's goes on without the server's, where it may, and says why where it may not", async () => {
    sluice.mock.respond((body) => text(`${conversationIn(body).length} messages`));
    const { messages } = sluice.anthropic.beta;
    const thread = messages.thread({
      model: "sonnet",
      max_tokens: 100,
      unsupportedRequestBehavior: "continue_unthreaded",
    });
    expect((await thread.send({ role: "user", content: "One" })).content).toMatchObject([{ text: "1 messages" }]);
    const second = thread.stream({ role: "user", content: "Two" });
    expect(await second.finalText()).toBe("3 messages");
    expect(linesIn(sluice.mock.requests.at(-1)?.body)).toEqual(["user: One", "assistant: 1 messages", "user: Two"]);

    const strict = messages.thread({ model: "sonnet", max_tokens: 100, unsupportedRequestBehavior: "error" });
    const refused = await failureOf(strict.send({ role: "user", content: "One" }));
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    expect(refused).toMatchObject({ errorCode: "thread_unsupported_request" });
  });
});

describe("models", () => {
  test("page by page, and one by its name", async () => {
    const { models, beta } = sluice.anthropic;
    const all: string[] = [];
    for await (const { id } of models.list()) all.push(id);
    const pages: string[][] = [];
    for await (const page of (await models.list({ limit: 3 })).iterPages()) pages.push(page.data.map(({ id }) => id));
    expect(pages.flat()).toEqual(all);
    expect(pages.length).toBe(Math.ceil(all.length / 3));
    const last = await models.list({ limit: 2, before_id: all.at(-1) ?? "" });
    expect(last.data.map(({ id }) => id)).toEqual(all.slice(-3, -1));
    expect((await last.getNextPage()).data.map(({ id }) => id)).toEqual(all.slice(-5, -3));
    expect((await beta.models.list()).data.map(({ id }) => id)).toEqual(all);
    expect((await beta.models.retrieve("haiku")).display_name).toBe("Haiku");
    expect(await failureOf(models.retrieve("gpt-5"))).toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("a failure is of the class of its status", () => {
  test.each([
    [400, "invalid_request_error", Anthropic.BadRequestError],
    [401, "authentication_error", Anthropic.AuthenticationError],
    [402, "billing_error", Anthropic.PaymentRequiredError],
    [403, "permission_error", Anthropic.PermissionDeniedError],
    [404, "not_found_error", Anthropic.NotFoundError],
    [413, "request_too_large", Anthropic.ContentTooLargeError],
    [429, "rate_limit_error", Anthropic.RateLimitError],
    [500, "api_error", Anthropic.InternalServerError],
    [529, "overloaded_error", Anthropic.OverloadedError],
  ])("%p", async (status, type, of) => {
    sluice.mock.respond(() => error(status, type, "so said the upstream", { "x-should-retry": "false" }));
    const failure = await failureOf(sluice.anthropic.messages.stream(say("Hi")).finalMessage());
    expect(failure).toBeInstanceOf(of);
    expect(failure).toMatchObject({ status, type, requestID: expect.stringMatching(/^req_/) });
  });

  test("also of what never reaches the upstream", async () => {
    const { messages } = sluice.anthropic;
    const none = await failureOf(messages.batches.list());
    expect(none).toBeInstanceOf(Anthropic.NotFoundError);
    expect(await failureOf(messages.create({ ...say("Hi"), max_tokens: -1 }))).toMatchObject({ status: 400 });
    expect(await failureOf(messages.create({ ...say("Hi"), model: "gpt-5" }))).toBeInstanceOf(Anthropic.NotFoundError);

    await using locked = await startSluice({ args: ["--client-key", "the-right-key"] });
    const stranger = new Anthropic({ baseURL: locked.url, apiKey: "wrong", maxRetries: 0 });
    expect(await failureOf(stranger.messages.create(say("Hi")))).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(await failureOf(stranger.models.list())).toBeInstanceOf(Anthropic.AuthenticationError);
    expect((await locked.anthropic.messages.create(say("Hi"))).content).toMatchObject([{ text: "You said: Hi" }]);
  });
});
