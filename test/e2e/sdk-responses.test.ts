/** The helpers of openai for Responses that read our bytes, through the real CLI. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { ResponsesToolRunner, runnerFunction } from "openai/helpers/responses-tool-runner";
import { zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems";
import { ResponseStream } from "openai/lib/responses/ResponseStream";
import type { ResponseInputItem } from "openai/resources/responses/responses";
import { z } from "zod";
import { failureOf } from "../support/failure.ts";
import { blocks, type Handler, refusal, stall, text, thinking, toolUse } from "../support/mock-anthropic.ts";
import { conversationIn, linesIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const City = z.object({ name: z.string(), rivers: z.array(z.string()), mayor: z.string().nullable() });
const paris = { name: "Paris", rivers: ["Seine"], mayor: null };

const weather = zodResponsesFunction({
  name: "get_weather",
  description: "The weather of a city",
  parameters: z.object({ city: z.string() }),
  function: ({ city }) => `temp-${city}`,
});
const call = (city: string, id: string) => ({ name: "get_weather", input: { city }, id });

const model = "sonnet";

let sluice: TestSluice;
let responses: OpenAI.Responses;
beforeAll(async () => {
  sluice = await startSluice();
  ({ responses } = sluice.openai);
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

describe("create", () => {
  test("with the response and the request's id, whole and streamed", async () => {
    sluice.mock.respond(() => text("Hello!"));
    const { data, response, request_id } = await responses.create({ model, input: "Hi" }).withResponse();
    expect(data).toMatchObject({ object: "response", status: "completed", model, output_text: "Hello!" });
    expect(data.usage).toMatchObject({ input_tokens: 18, output_tokens: 7, total_tokens: 25 });
    expect([Reflect.get(data, "_request_id"), response.headers.get("x-request-id")]).toEqual([request_id, request_id]);

    const [own, teed] = (await responses.create({ model, input: "Hi", stream: true })).tee();
    const events = await Array.fromAsync(own);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, n) => n));
    expect(events.at(-1)?.type).toBe("response.completed");
    expect(await Array.fromAsync(teed)).toEqual(events);
    expect((await sluice.openai.beta.responses.create({ model, input: "Hi" })).output).toMatchObject([
      { type: "message", content: [{ text: "Hello!" }] },
    ]);
  });
});

describe("inputTokens.count", () => {
  test("counts more where there is more", async () => {
    const { input_tokens, object } = await responses.inputTokens.count({ model, input: "Hi" });
    expect([object, input_tokens > 0]).toEqual(["response.input_tokens", true]);
    const more = await responses.inputTokens.count({ model, input: "Hi. ".repeat(500), tools: [weather] });
    expect(more.input_tokens).toBeGreaterThan(input_tokens + 500);
  });
});

describe("stream", () => {
  test("every listener, in its order, and every way to the end", async () => {
    sluice.mock.respond(() =>
      blocks([
        { type: "thinking", thinking: "Which city?", signature: "c2lnbmF0dXJl" },
        { type: "text", text: "Let me see." },
        { type: "tool_use", ...call("Paris", "toolu_1") },
      ]),
    );
    const asked = { model, input: "Weather?", tools: [weather], reasoning: { summary: "auto" as const } };
    const stream = responses.stream(asked);
    const snapshots = { text: "", json: "" };
    const heard: string[] = [];
    stream
      .on("connect", () => heard.push("connect"))
      .on("event", ({ type }) => {
        if (!type.endsWith(".delta")) heard.push(type.replace("response.", ""));
      })
      .on("response.output_text.delta", ({ snapshot }) => (snapshots.text = snapshot))
      .on("response.function_call_arguments.delta", ({ snapshot }) => (snapshots.json = snapshot))
      .on("end", () => heard.push("end"));
    const completed = stream.emitted("response.completed");
    const final = await stream.finalResponse();
    await stream.done();
    expect(heard.join(" ")).toBe(
      [
        "connect created in_progress",
        "output_item.added reasoning_summary_part.added",
        "reasoning_summary_text.done reasoning_summary_part.done output_item.done",
        "output_item.added content_part.added output_text.done content_part.done output_item.done",
        "output_item.added function_call_arguments.done output_item.done",
        "completed end",
      ].join(" "),
    );
    expect(snapshots).toEqual({ text: "Let me see.", json: '{"city":"Paris"}' });
    expect(final.output).toMatchObject([
      { type: "reasoning", summary: [{ text: "Which city?" }] },
      { type: "message", content: [{ text: "Let me see." }] },
      { type: "function_call", call_id: "toolu_1", parsed_arguments: { city: "Paris" } },
    ]);
    expect((await completed).response.id).toBe(final.id);
  });

  test("for await, and through a stream of bytes to another reader", async () => {
    sluice.mock.respond(() => text("Hello!"));
    const seen = await Array.fromAsync(responses.stream({ model, input: "Hi" }));
    expect([seen[0]?.type, seen.at(-1)?.type]).toEqual(["response.created", "response.completed"]);
    const sent = (await responses.create({ model, input: "Hi", stream: true })).toReadableStream();
    expect((await ResponseStream.fromReadableStream(sent).finalResponse()).output_text).toBe("Hello!");
  });

  test("a refusal, and an answer that was cut", async () => {
    sluice.mock.respond(refusal);
    const refused = responses.stream({ model, input: "Hi" });
    const told: string[] = [];
    refused.on("response.refusal.delta", ({ delta }) => told.push(delta));
    refused.on("response.refusal.done", ({ refusal }) => expect(refusal).toBe(told.join("")));
    const { output } = await refused.finalResponse();
    expect(output).toMatchObject([{ content: [{ type: "refusal", refusal: told.join("") }] }]);

    sluice.mock.respond(() => text("One, two,", { stop_reason: "max_tokens" }));
    const cut = responses.stream({ model, input: "Count", max_output_tokens: 20 });
    const reasons: unknown[] = [];
    cut.on("response.incomplete", ({ response }) => reasons.push(response.incomplete_details));
    expect(await cut.finalResponse()).toMatchObject({ status: "incomplete", output_text: "One, two," });
    expect(reasons).toEqual([{ reason: "max_output_tokens" }]);
  });

  test("an abort is heard as one", async () => {
    sluice.mock.respond(() => stall(6, { of: text("one two three", { chunks: 3 }) }));
    const left = responses.stream({ model, input: "Hi" });
    const aborted = left.emitted("abort");
    left.once("response.output_text.delta", () => left.abort());
    expect(await failureOf(left.finalResponse())).toBeInstanceOf(OpenAI.APIUserAbortError);
    expect(await aborted).toBeInstanceOf(OpenAI.APIUserAbortError);
    await sluice.quiet();
  });
});

describe("structured outputs", () => {
  const asked = { model, input: "Which city?", text: { format: zodTextFormat(City, "city") } };

  test("parsed: whole, streamed, stored, and beside tools", async () => {
    sluice.mock.respond(() => text(JSON.stringify(paris), { chunks: 6 }));
    const parsed = await responses.parse(asked);
    expect(parsed.output_parsed).toEqual(paris);
    const sent = sluice.mock.requests.at(-1)?.body["output_config"] as { format: { schema: unknown } };
    const { $schema: _, ...schema } = asked.text.format.schema;
    expect(sent.format.schema).toMatchObject(schema);

    const final = await responses.stream({ ...asked, tools: [weather] }).finalResponse();
    expect(final.output_parsed?.rivers).toEqual(["Seine"]);
    const again = await responses.stream({ response_id: final.id, text: asked.text }).finalResponse();
    expect(again.output).toEqual(final.output);

    sluice.mock.respond(() => toolUse([call("Paris", "toolu_1")]));
    const called = await responses.parse({ ...asked, tools: [weather] });
    expect(called.output_parsed).toBeNull();
    expect(called.output).toMatchObject([{ parsed_arguments: { city: "Paris" } }]);
  });

  test("an answer that does not fit is a failure, streamed or not", async () => {
    sluice.mock.respond(() => text('{"name":"Paris"}'));
    expect(await failureOf(responses.parse(asked))).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await failureOf(responses.stream(asked).finalResponse())).toBeInstanceOf(OpenAI.APIError);
  });
});

describe("chains", () => {
  const sealedIn = (items: readonly object[]) =>
    items.flatMap((item) => ("encrypted_content" in item ? item.encrypted_content : []));

  test("previous_response_id in a stream after the other", async () => {
    sluice.mock.respond((body) => text(`${conversationIn(body).length} messages`));
    const ids: string[] = [];
    for (const [n, input] of ["One", "Two", "Three"].entries()) {
      const previous_response_id = ids.at(-1) ?? null;
      const final = await responses.stream({ model, input, previous_response_id }).finalResponse();
      expect(final).toMatchObject({ output_text: `${2 * n + 1} messages`, previous_response_id });
      ids.push(final.id);
    }
  });

  test("what is not stored is carried by the client, with the thinking as it was signed", async () => {
    const thoughts: unknown[] = [];
    sluice.mock.respond((_, __, n) => {
      const thought = { type: "thinking" as const, thinking: `Thought ${n}.`, signature: btoa(`signature ${n}`) };
      thoughts.push(thought);
      return blocks([thought, { type: "text", text: `Answer ${n}` }]);
    });
    const carried = {
      model,
      store: false,
      reasoning: { effort: "low" as const },
      include: ["reasoning.encrypted_content" as const],
    };
    let input: ResponseInputItem[] = [{ role: "user", content: "One" }];
    for (const next of ["Two", "Three", "Four"]) {
      const { id, output } = await responses.create({ ...carried, input });
      expect(sealedIn(output)).toHaveLength(1);
      expect(await failureOf(responses.retrieve(id))).toBeInstanceOf(OpenAI.NotFoundError);
      input = [...input, ...toResponseInputItems(output), { role: "user", content: next }];
    }
    // Another system prompt is another conversation: no process holds it, so all comes from what was carried.
    const { data, response } = await responses.create({ ...carried, instructions: "Be kind.", input }).withResponse();
    expect(response.headers.get("x-sluice-way")).toBe("replay");
    expect(response.headers.get("x-sluice-warning")).toBeNull();
    const seen = conversationIn(sluice.mock.requests.at(-1)?.body);
    expect(seen.flatMap(({ content }) => content.filter(({ type }) => type === "thinking"))).toEqual(
      thoughts.slice(0, 3) as never,
    );
    expect(data.status).toBe("completed");
  });

  test("what is stored is shown with its sealed reasoning where that is asked for", async () => {
    sluice.mock.respond(() => thinking("Hm.", "Hello!"));
    const include = ["reasoning.encrypted_content" as const];
    const { id, output } = await responses.create({ model, input: "Hi", reasoning: { effort: "low" }, include });
    expect(sealedIn(output)).toHaveLength(1);
    expect((await responses.retrieve(id, { include })).output).toEqual(output);
    expect((await responses.retrieve(id)).output[0]).not.toHaveProperty("encrypted_content");
    for await (const event of await responses.retrieve(id, { include, stream: true })) {
      if (event.type === "response.completed") expect(event.response.output).toEqual(output);
    }

    const next = [...toResponseInputItems(output), { role: "user" as const, content: "So?" }];
    const later = await responses.create({ model, input: next, reasoning: { effort: "low" } });
    const items = await Array.fromAsync(responses.inputItems.list(later.id, { include, limit: 1, order: "asc" }));
    expect(items.map(({ type }) => type)).toEqual(["reasoning", "message", "message"]);
    expect(sealedIn(items)).toEqual(sealedIn(output));
    const first = await responses.inputItems.list(later.id, { limit: 2, order: "asc" });
    expect(first.data[0]).not.toHaveProperty("encrypted_content");
    expect((await first.getNextPage()).data).toMatchObject([{ role: "user" }]);
  });

  test("a compacted conversation goes on", async () => {
    sluice.mock.respond((body) => text(linesIn(body).at(-1) ?? ""));
    const one = await responses.create({ model, input: "One" });
    const compacted = await responses.compact({ model, previous_response_id: one.id, input: "Two" });
    expect(compacted.object).toBe("response.compaction");
    const input = [...(compacted.output as ResponseInputItem[]), { role: "user" as const, content: "Three" }];
    expect((await responses.stream({ model, input }).finalResponse()).output_text).toContain("Three");
    expect(linesIn(sluice.mock.requests.at(-1)?.body)).toEqual([
      "user: One",
      "assistant: user: One",
      "user: Two|Three",
    ]);
  });

  test("what can't be done with a response is told as the error that it is", async () => {
    sluice.mock.respond(() => text("Yes."));
    const { id } = await responses.create({ model, input: "Hi" });
    expect(await failureOf(responses.cancel(id))).toBeInstanceOf(OpenAI.BadRequestError);
    await responses.delete(id);
    for (const gone of [
      () => responses.retrieve(id),
      () => responses.stream({ response_id: id }).finalResponse(),
      () => responses.inputItems.list(id),
      () => responses.cancel(id),
      () => responses.delete(id),
    ]) {
      expect(await failureOf(gone())).toBeInstanceOf(OpenAI.NotFoundError);
    }
  });
});

describe("the SDK's own tool loop", () => {
  /** Two calls at once, then one more, then an answer that tells all. */
  const loop: Handler = (body) => {
    const seen =
      JSON.stringify(body.messages)
        .match(/temp-[A-Z]\w+/g)
        ?.sort() ?? [];
    if (seen.length === 0) return toolUse([call("Paris", "toolu_1"), call("Rome", "toolu_2")], { text: "Two first." });
    return seen.length === 2 ? toolUse([call("Oslo", "toolu_3")]) : text(`All: ${seen.join(", ")}`);
  };

  test.each([
    ["whole", {}],
    ["streamed", { stream: true }],
    ["streamed, with each function run at once", { stream: true, eager: true }],
  ])("%s", async (_, options) => {
    sluice.mock.respond(loop);
    const first = sluice.mock.requests.length;
    const runner = new ResponsesToolRunner({ functions: [runnerFunction(weather)] });
    const final = await runner.run(sluice.openai, { model, input: "Weather?" }, options);
    expect(final.output).toMatchObject([{ content: [{ text: "All: temp-Oslo, temp-Paris, temp-Rome" }] }]);
    expect(sluice.mock.requests).toHaveLength(first + 3);
  });
});
