import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { compact } from "../../../src/dialect/responses/compact.ts";
import { responses } from "../../../src/dialect/responses/index.ts";
import { parameters } from "../../../src/dialect/responses/parameters.ts";
import { requestSchema } from "../../../src/dialect/responses/schema.ts";
import { ProxyError } from "../../../src/error.ts";
import { collect } from "../../../src/messages/collect.ts";
import type { MessageEvent } from "../../../src/messages/types.ts";
import { answer, streamOf, text, thinking, toolUse } from "../answers.ts";
import { context, refusalOf } from "../refusal.ts";
import { sseOf } from "../serve.ts";
import { createMemory, remembering, withMemory } from "./memory.ts";

const minimal = { model: "opus", input: "Hi" };
const decoded = (fields: object, given = remembering()) => responses.decode({ ...minimal, ...fields }, given);
const user = (content: unknown) => ({ type: "message", role: "user", content });
const textBlock = (text: string) => ({ type: "text" as const, text });

/** The response that an answer becomes, and is stored as. */
async function answered(body: object, events: MessageEvent[], given: ReturnType<typeof remembering>) {
  const { encoder } = responses.decode({ ...minimal, ...body }, given);
  return encoder.whole(await collect(streamOf(events))) as { id: string; output: { id: string; type: string }[] };
}

describe("decodes", () => {
  test("a text", () => {
    const { request, stream, warnings } = decoded({});
    expect(request).toEqual({ model: "opus", system: [], messages: [{ role: "user", content: [textBlock("Hi")] }] });
    expect([stream, warnings]).toEqual([false, []]);
  });

  test("messages of all roles and parts", () => {
    const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const { request, warnings } = decoded({
      instructions: "Be kind.",
      input: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "input_text", text: "a" },
            { type: "input_text", text: "" },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "output_text", text: "b", annotations: [] },
            { type: "refusal", refusal: "c" },
          ],
        },
        { type: "message", role: "system", content: [{ type: "input_text", text: "Be late." }] },
        user([
          { type: "input_image", image_url: `data:image/png;base64,${png}`, detail: "low" },
          { type: "input_image", image_url: "https://a.example/b.png" },
          { type: "input_file", file_url: "https://a.example/b.pdf" },
        ]),
      ],
    });
    expect(request.system).toEqual([textBlock("Be kind.\n\nBe brief.\n\nBe late.")]);
    expect<unknown>(request.messages).toEqual([
      { role: "user", content: [textBlock("a")] },
      { role: "assistant", content: [textBlock("b"), textBlock("c")] },
      {
        role: "user",
        content: [
          { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
          { type: "image", source: { type: "url", url: "https://a.example/b.png" } },
          { type: "document", source: { type: "url", url: "https://a.example/b.pdf" } },
        ],
      },
    ]);
    expect(warnings).toEqual(["input.3: moved to the system prompt"]);
  });

  test("a loop as Codex replays it: one answer, one message with its results", () => {
    const memory = createMemory();
    const carried = { type: "thinking", thinking: "hm", signature: "sig" };
    const { request, warnings } = decoded(
      {
        store: false,
        input: [
          user("Weather?"),
          {
            type: "reasoning",
            summary: [],
            encrypted_content: memory.seal.close("reasoning", JSON.stringify(carried)),
          },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: " \n" }] },
          { type: "message", role: "assistant", content: [{ type: "output_text", text: "Let me see." }] },
          { type: "function_call", call_id: "call.1", name: "f", arguments: '{"a":1}' },
          { type: "function_call", call_id: "b", name: "f", arguments: "" },
          { type: "function_call_output", call_id: "b", output: "2" },
          { type: "function_call_output", call_id: "call.1", output: [{ type: "input_text", text: "1" }] },
        ],
      },
      remembering(memory),
    );
    expect<unknown>(request.messages).toEqual([
      { role: "user", content: [textBlock("Weather?")] },
      {
        role: "assistant",
        content: [
          carried,
          textBlock("Let me see."),
          { type: "tool_use", id: "call-2e-1", name: "f", input: { a: 1 } },
          { type: "tool_use", id: "b", name: "f", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "b", content: [textBlock("2")] },
          { type: "tool_result", tool_use_id: "call-2e-1", content: [textBlock("1")] },
        ],
      },
    ]);
    expect(warnings).toEqual([]);
  });

  test("reasoning that is foreign, changed or led to nothing, by leaving it out", () => {
    const { request, warnings } = decoded({
      input: [
        user("a"),
        { type: "reasoning", summary: [], encrypted_content: "gAAAAfromElsewhere" },
        { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
        { role: "assistant", content: "b" },
        { type: "reasoning", encrypted_content: 'reasoning:{"type":"redacted_thinking","data":"x"}' },
        user("c"),
      ],
    });
    expect(request.messages[1]).toEqual({ role: "assistant", content: [textBlock("b")] } as never);
    expect(warnings).toEqual(["input.1: ignored, as its encrypted_content was not sealed here"]);
  });

  test("items of hosted tools by leaving them out, and custom calls as calls", () => {
    const { request, warnings } = decoded({
      input: [
        user("a"),
        { type: "web_search_call", id: "ws_1", status: "completed" },
        { type: "custom_tool_call", call_id: "c", name: "patch", input: "*** x" },
        { type: "custom_tool_call_output", call_id: "c", output: "done" },
      ],
    });
    expect(request.messages.slice(1)).toMatchObject([
      { content: [{ type: "tool_use", id: "c", name: "patch", input: { input: "*** x" } }] },
      { content: [{ type: "tool_result", tool_use_id: "c" }] },
    ]);
    expect(warnings).toEqual(["input.1: ignored, as it belongs to a hosted tool"]);
  });

  test("a conversation that the assistant begins", () => {
    const { request, warnings } = decoded({ input: [{ role: "assistant", content: "Hello" }, user("Hi")] });
    expect(request.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(warnings).toEqual([`the user's turn "(continue)" was put before the assistant's first`]);
  });

  test("a conversation that the assistant ends", () => {
    const { request, warnings } = decoded({ input: [user("Hi"), { role: "assistant", content: "Hello" }] });
    expect(request.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(warnings).toEqual([expect.stringContaining("was put behind the assistant's last")]);
  });

  test("tools and what Codex sends beside them", () => {
    const { request, warnings } = decoded({
      tools: [
        { type: "function", name: "f", description: "Does f.", parameters: { type: "object" }, strict: false },
        { type: "namespace", name: "n", description: "", tools: [{ type: "function", name: "x" }] },
        { type: "web_search", external_web_access: false },
        { type: "function", name: "g", parameters: null },
      ],
      tool_choice: "auto",
      parallel_tool_calls: true,
      reasoning: { summary: "auto" },
      include: ["reasoning.encrypted_content"],
      prompt_cache_key: "key",
      client_metadata: { a: "b" },
      store: false,
    });
    expect<unknown>(request.tools).toEqual([
      { name: "f", description: "Does f.", input_schema: { type: "object" }, strict: false },
      { name: "g", input_schema: { type: "object", properties: {} } },
    ]);
    expect(request.tool_choice).toEqual({ type: "auto" });
    expect(request.thinking).toEqual({ type: "adaptive", display: "summarized" });
    expect(request.output_config).toBeUndefined();
    expect(warnings).toEqual(["tools.1 (namespace), tools.2 (web_search): only functions are available"]);
  });

  const tools = [{ type: "function", name: "f" }, { type: "function", name: "g" }, { type: "web_search" }];
  const allowed = (mode: string, ...tools: object[]) => ({ type: "allowed_tools", mode, tools });

  test.each<[unknown, object, string[]?]>([
    ["none", { type: "none" }],
    ["required", { type: "any" }],
    [
      { type: "function", name: "g" },
      { type: "tool", name: "g" },
    ],
    [allowed("required", { type: "function", name: "g" }, { type: "web_search" }), { type: "any" }, ["g"]],
    [allowed("auto", { type: "function", name: "f" }), { type: "auto" }, ["f"]],
  ])("the choice %j", (tool_choice, expected, names = ["f", "g"]) => {
    const { request } = decoded({ tools, tool_choice });
    expect<unknown>(request.tool_choice).toEqual(expected);
    expect(request.tools?.map(({ name }) => name)).toEqual(names);
  });

  test("one call at a time, and no tools where none is left", () => {
    const one = { type: "auto", disable_parallel_tool_use: true } as const;
    expect(decoded({ tools, parallel_tool_calls: false }).request.tool_choice).toEqual(one);
    const none = decoded({ tools, tool_choice: allowed("auto", { type: "web_search" }) }).request;
    expect([none.tools, none.tool_choice]).toEqual([undefined, undefined]);
    expect(decoded({ tools: tools.slice(2), tool_choice: "auto" }).request.tools).toBeUndefined();
  });

  test("limits, sampling, reasoning and format", () => {
    const { request, warnings } = decoded({
      max_output_tokens: 8,
      temperature: 1.5,
      top_p: 0.5,
      truncation: "auto",
      text: { verbosity: "low", format: { type: "json_schema", name: "n", schema: { type: "string" } } },
      reasoning: { effort: "none", summary: "auto" },
    });
    expect(request).toMatchObject({
      max_tokens: 8,
      temperature: 1,
      top_p: 0.5,
      thinking: { type: "disabled" },
      output_config: { format: { type: "json_schema", schema: { type: "string" } } },
    });
    expect(warnings).toEqual(["truncation ignored", "text.verbosity ignored", "temperature lowered to 1"]);
    expect(decoded({ reasoning: { effort: "minimal" } }).request.output_config).toEqual({ effort: "low" });
  });
});

describe("a response that is continued", () => {
  test("stands for its items, not for its instructions; and so does the whole chain", async () => {
    const given = remembering();
    const one = await answered(
      { instructions: "Be kind.", input: [{ role: "developer", content: "Brief." }, user("a")] },
      answer([thinking("sig", "hm"), text("b"), toolUse("t", "f", "{}")], "tool_use"),
      given,
    );
    const two = await answered(
      { previous_response_id: one.id, input: [{ type: "function_call_output", call_id: "t", output: "c" }] },
      answer([text("d")], "end_turn"),
      given,
    );
    const chained = decoded({ previous_response_id: two.id, input: "e" }, given).request;
    expect(chained.system).toEqual([textBlock("Brief.")]);
    const replayed = anthropic.decode(
      {
        model: "opus",
        max_tokens: 9,
        messages: [
          { role: "user", content: "a" },
          {
            role: "assistant",
            content: [
              { type: "thinking", thinking: "hm", signature: "sig" },
              textBlock("b"),
              { type: "tool_use", id: "t", name: "f", input: {} },
            ],
          },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "c" }] },
          { role: "assistant", content: "d" },
          { role: "user", content: "e" },
        ],
      },
      context,
    ).request;
    expect(chained.messages).toEqual(replayed.messages);
  });

  test("is the same as its items replayed, or referred to", async () => {
    const given = remembering();
    const events = answer([thinking("sig", "hm"), text("b"), toolUse("t", "f", "", '{"a":1}')], "tool_use");
    const include = ["reasoning.encrypted_content"];
    const one = await answered({ input: "a", include }, events, given);
    const output = { type: "function_call_output", call_id: "t", output: "c" };
    const { messages } = decoded({ previous_response_id: one.id, input: [output] }, given).request;
    expect(decoded({ input: [user("a"), ...one.output, output] }, given).request.messages).toEqual(messages);
    const references = one.output.map(({ id }) => ({ type: "item_reference", id }));
    expect(decoded({ input: [user("a"), ...references, output] }, given).request.messages).toEqual(messages);
    expect(
      decoded({ input: [user("a"), ...one.output.map(({ id }) => ({ id })), output] }, given).request.messages,
    ).toEqual(messages);
  });

  test("may have been cut in the middle of a call", async () => {
    const memory = createMemory();
    const given = remembering(memory);
    const { encoder } = responses.decode({ ...minimal, stream: true }, given);
    sseOf(encoder, { events: answer([text("b"), toolUse("t", "f", '{"a')], "max_tokens") });
    const [id] = memory.stored.keys();
    expect(decoded({ previous_response_id: id, input: "go on" }, given).request.messages).toEqual([
      { role: "user", content: [textBlock("Hi")] },
      { role: "assistant", content: [textBlock("b")] },
      { role: "user", content: [textBlock("go on")] },
    ] as never);
  });

  test("must be there, whole, and answered", async () => {
    const given = remembering();
    const at = (fields: object) => {
      try {
        decoded(fields, given);
      } catch (error) {
        if (error instanceof ProxyError) return error;
      }
      throw new Error("it was accepted");
    };
    expect(at({ previous_response_id: "resp_lost" })).toMatchObject({
      status: 400,
      param: "previous_response_id",
      code: "previous_response_not_found",
    });
    expect(at({ input: [{ type: "item_reference", id: "msg_lost" }] })).toMatchObject({
      status: 404,
      param: "input.0.id",
    });
    const one = await answered({}, answer([toolUse("t", "f", "{}")], "tool_use"), given);
    expect(at({ previous_response_id: one.id })).toMatchObject({ param: "previous_response_id" });
    expect(at({ previous_response_id: one.id }).message).toContain(
      "without `tool_result` blocks immediately after: t.",
    );

    const { encoder } = decoded({}, given);
    sseOf(encoder, { events: [], failure: new ProxyError("upstream", "Lost.") });
    const failed = [...(given.memory as ReturnType<typeof createMemory>).stored.values()].at(-1);
    expect(failed?.response.status).toBe("failed");
    expect(at({ previous_response_id: failed?.response.id })).toMatchObject({ param: "previous_response_id" });
  });

  test("is not there with store: false, and can't be without a memory", async () => {
    const memory = createMemory();
    const one = await answered({ store: false }, answer([text("b")], "end_turn"), remembering(memory));
    expect(one).toMatchObject({ store: false });
    expect(memory.stored.size).toBe(0);
    expect(() => decoded({ previous_response_id: one.id }, context)).toThrow("not found");
  });
});

test("a compaction stands for the conversation that it holds, also for one in another", () => {
  const memory = createMemory();
  const given = remembering(memory);
  const input = [user("a"), { role: "assistant", content: "b" }];
  const compacted = compact({ model: "opus", input }, undefined, memory);
  expect(compacted).toEqual({
    id: expect.stringMatching(/^resp_/),
    object: "response.compaction",
    created_at: expect.any(Number),
    output: [{ type: "compaction", id: expect.stringMatching(/^cmp_/), encrypted_content: expect.any(String) }],
    usage: expect.objectContaining({ total_tokens: 0 }),
  });
  const twice = compact({ model: "opus", input: [...compacted.output, user("c")] }, undefined, memory);
  for (const [items, rest] of [
    [compacted.output, [user("c")]],
    [twice.output, []],
  ]) {
    expect(decoded({ input: [...(items ?? []), ...(rest ?? [])] }, given).request.messages).toEqual([
      { role: "user", content: [textBlock("a")] },
      { role: "assistant", content: [textBlock("b")] },
      { role: "user", content: [textBlock("c")] },
    ] as never);
  }
  const foreign = decoded({ input: [{ type: "compaction", encrypted_content: "x" }, user("c")] }, given);
  expect(foreign.warnings).toEqual(["input.0: ignored, as its encrypted_content was not sealed here"]);
  expect(() => compact({ input: "a" }, undefined, memory)).toThrow("model: Field required");
  expect(() => compact({ model: "opus" }, undefined, memory)).toThrow("input: Field required");
});

describe("a database that can't be used", () => {
  const fault = new ProxyError("bug", "The database is damaged.");
  const memory = createMemory();
  const broken = remembering({ ...memory, responses: { ...memory.responses, fault: () => fault } });

  test("is told of where storing is only the default", async () => {
    const { warnings, encoder } = decoded({}, broken);
    expect(warnings).toEqual(["not stored: The database is damaged."]);
    expect(encoder.whole(await collect(streamOf(answer([], "end_turn"))))).toMatchObject({ store: false });
    expect(decoded({ store: false }, broken).warnings).toEqual([]);
  });

  test("stops who asks to store by name", () => {
    expect(() => decoded({ store: true }, broken)).toThrow(fault);
  });
});

describe("refuses", () => {
  const f = { type: "function", name: "f" };
  test.each<[object, string, string]>([
    [{ model: undefined }, "model", "Field required"],
    [{ input: undefined }, "input", "Field required"],
    [{ input: [] }, "input", "at least one user message is required"],
    [{ input: "" }, "input", "all messages must have non-empty content"],
    [{ input: [{ type: "smell" }] }, "input.0.type", "Input should be 'message', "],
    [{ input: [{}] }, "input.0.type", "Field required"],
    [{ input: [null] }, "input.0", "Input should be a valid object"],
    [{ input: [{ role: "robot", content: "x" }] }, "input.0.role", "Input should be 'user', "],
    [{ input: [user([{ type: "smell" }])] }, "input.0.content.0.type", "Input should be 'input_text', "],
    [{ input: [user([{ type: "input_audio" }])] }, "input.0.content.0", "audio input is not supported"],
    [
      { input: [user([{ type: "input_image", file_id: "file_1" }])] },
      "input.0.content.0.file_id",
      "there is no file storage",
    ],
    [{ input: [user([{ type: "input_image" }])] }, "input.0.content.0.image_url", "Field required"],
    [
      { input: [{ role: "assistant", content: [{ type: "input_image", image_url: "https://x" }] }, user("a")] },
      "input.0.content.0",
      "a message of the assistant takes only text",
    ],
    [
      { input: [user("a"), { type: "function_call", call_id: "c", name: "f", arguments: "[" }] },
      "input.1.arguments",
      "Input should be a JSON object",
    ],
    [
      { input: [user("a"), { type: "function_call_output", call_id: "c", output: "x" }] },
      "input.1",
      "unexpected `tool_use_id`",
    ],
    [{ tools: [{ type: "function" }] }, "tools.0.name", "Field required"],
    [{ tools: [{ type: "web_search" }, f, f] }, "tools.2.name", "tool names must be unique: f"],
    [{ tools: [f], tool_choice: { type: "web_search" } }, "tool_choice.type", "Input should be 'function' or"],
    [{ tools: [f], tool_choice: { type: "function", name: "g" } }, "tool_choice.name", "there is no tool"],
    [{ tools: [{ type: "web_search" }], tool_choice: "required" }, "tool_choice", "it may only be used while"],
    [
      { tools: [f], tool_choice: { type: "allowed_tools", mode: "required", tools: [{ type: "web_search" }] } },
      "tool_choice.tools",
      "none of these tools is available",
    ],
    [
      { tools: [f], tool_choice: { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "g" }] } },
      "tool_choice.tools.0.name",
      "there is no tool",
    ],
    [{ background: true }, "background", "responses are answered in the foreground only"],
    [{ conversation: "conv_1" }, "conversation", "stored conversations are not supported"],
    [{ prompt: { id: "p" } }, "prompt", "stored prompts are not supported"],
    [{ moderation: {} }, "moderation", "moderation is not supported"],
    [{ top_logprobs: 1 }, "top_logprobs", "log probabilities are not available"],
    [{ include: ["message.output_text.logprobs"] }, "include", "log probabilities are not available"],
    [{ temperature: 3 }, "temperature", "Input should be at most 2"],
    [{ metadata: { a: 1 } }, "metadata.a", "Input should be a valid string"],
    [
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, n) => [n, ""])) },
      "metadata",
      "Input should have at most 16 pairs",
    ],
  ])("%j", (fields, param, reason) => {
    const error = refusalOf(withMemory(), { ...minimal, ...fields });
    expect(error.param).toBe(param);
    expect(error.message).toStartWith(`${param}: ${reason}`);
  });
});

test("every parameter that the schema knows has its verdict", () => {
  const nested = ["text", "reasoning"];
  const known = Object.keys(requestSchema.shape).filter((name) => !nested.includes(name));
  expect(known.filter((name) => !(name in parameters))).toEqual([]);
});

describe("with a ProxyError that names the field, refuses or accepts", () => {
  const dialect = withMemory();
  const fields = Object.keys(requestSchema.shape);

  function decodes(body: unknown): void {
    try {
      dialect.decode(body, context);
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      expect(["invalid_request", "not_found"]).toContain(error.kind);
      expect(error.message.length).toBeLessThanOrEqual(300);
      if (typeof body === "object" && body !== null && !Array.isArray(body)) expect(error.param).toBeDefined();
    }
  }

  test("any JSON as the body", () => fc.assert(fc.property(fc.jsonValue(), decodes)));

  test("any JSON in any of its fields", () => {
    const change = fc.dictionary(fc.constantFrom(...fields), fc.jsonValue(), { minKeys: 1, maxKeys: 3 });
    fc.assert(
      fc.property(change, (changed) => decodes({ ...minimal, ...changed })),
      { numRuns: 500 },
    );
  });

  test("any JSON in any field of an item and of its parts", () => {
    const any = fc.jsonValue();
    const partType = fc.constantFrom(
      "input_text",
      "output_text",
      "text",
      "refusal",
      "input_image",
      "input_file",
      "input_audio",
    );
    const part = fc.record(
      {
        type: partType,
        text: fc.oneof(fc.string(), any),
        refusal: fc.oneof(fc.string(), any),
        image_url: fc.oneof(fc.string(), fc.constant("data:;,"), any),
        file_data: fc.oneof(fc.string(), any),
        file_url: fc.oneof(fc.webUrl(), any),
        file_id: any,
        detail: any,
      },
      { requiredKeys: ["type"] },
    );
    const content = fc.oneof(fc.string(), fc.array(part), any);
    const id = fc.oneof(fc.constantFrom("a", "b"), any);
    const item = fc.record(
      {
        type: fc.constantFrom(
          "message",
          "function_call",
          "function_call_output",
          "custom_tool_call",
          "custom_tool_call_output",
          "reasoning",
          "item_reference",
          "compaction",
          "web_search_call",
          "nothing",
        ),
        role: fc.constantFrom("user", "assistant", "system", "developer", "nobody"),
        id,
        call_id: id,
        name: fc.oneof(fc.string(), any),
        arguments: fc.oneof(fc.json(), any),
        input: fc.oneof(fc.string(), any),
        status: fc.oneof(fc.constantFrom("completed", "incomplete"), any),
        summary: any,
        encrypted_content: fc.oneof(fc.string(), any),
        content,
        output: content,
      },
      { requiredKeys: ["content", "output"] },
    );
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), (input) => decodes({ ...minimal, input })),
      { numRuns: 500 },
    );
  });

  test("any depth in any place", () => {
    const deep: unknown = JSON.parse("[".repeat(5000) + "]".repeat(5000));
    let deeper: unknown = deep;
    for (let depth = 0; depth < 100_000; depth++) deeper = { content: deeper };
    for (const junk of [deep, deeper]) {
      decodes(junk);
      for (const field of [...fields, "client_metadata"]) decodes({ ...minimal, [field]: junk });
      for (const content of [junk, [junk], [{ type: "input_text", text: junk }]]) {
        decodes({ ...minimal, input: [{ role: "user", content }] });
        decodes({ ...minimal, input: [{ type: "function_call_output", call_id: "c", output: content }] });
      }
      decodes({ ...minimal, tools: [{ type: "function", name: "f", parameters: { properties: junk } }] });
    }
    const call = { type: "function_call", call_id: "c", name: "f", arguments: '{"a":'.repeat(1_000_000) };
    decodes({ ...minimal, input: [user("a"), call] });
  });
});
