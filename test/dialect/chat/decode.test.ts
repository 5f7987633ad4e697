import { describe, expect, test } from "bun:test";
import { chat } from "../../../src/dialect/chat/index.ts";
import { context, refusalOf } from "../refusal.ts";
import { tinyGif } from "../../support/images.ts";

const messages = [{ role: "user", content: "Hi" }];
const minimal = { model: "opus", messages };

const decoded = (fields: object) => chat.decode({ ...minimal, ...fields }, context);
const conversation = (...turns: object[]) => decoded({ messages: turns }).request.messages;
const text = (text: string) => ({ type: "text" as const, text });

describe("decodes", () => {
  test("the least that a request has", () => {
    const { request, stream, warnings } = chat.decode(minimal, context);
    expect(request).toEqual({
      model: "opus",
      system: [],
      messages: [{ role: "user", content: [text("Hi")] }],
    });
    expect(stream).toBe(false);
    expect(warnings).toEqual([]);
  });

  test("sampling, limits and stop", () => {
    expect(decoded({ temperature: 0.5, top_p: 0.9, max_tokens: 5, stop: "END", stream: true })).toMatchObject({
      request: { temperature: 0.5, top_p: 0.9, max_tokens: 5, stop_sequences: ["END"] },
      stream: true,
      warnings: [],
    });
    expect(decoded({ max_tokens: 5, max_completion_tokens: 6 }).request.max_tokens).toBe(6);
    expect(decoded({ stop: ["a", " ", "b", ""] }).request.stop_sequences).toEqual(["a", " ", "b"]);
    expect(decoded({ stop: "\n" }).request.stop_sequences).toEqual(["\n"]);
    expect(decoded({ stop: "" }).request.stop_sequences).toBeUndefined();
  });

  test("a temperature above 1 as 1, with a warning", () => {
    expect(decoded({ temperature: 1.7 })).toMatchObject({
      request: { temperature: 1 },
      warnings: ["temperature lowered to 1"],
    });
  });

  test.each([
    ["minimal", "low"],
    ["low", "low"],
    ["medium", "medium"],
    ["high", "high"],
    ["xhigh", "xhigh"],
    ["max", "max"],
  ])("reasoning_effort %s as effort, and as thinking that is told", (reasoning_effort, effort) => {
    const { request, warnings } = decoded({ reasoning_effort });
    expect<object>(request).toEqual({
      ...chat.decode(minimal, context).request,
      output_config: { effort },
      thinking: { type: "adaptive", display: "summarized" },
    });
    expect(warnings).toEqual([]);
  });

  test("reasoning_effort none as no thinking", () => {
    expect(decoded({ reasoning_effort: "none" }).request).toEqual({
      ...chat.decode(minimal, context).request,
      thinking: { type: "disabled" },
    });
  });

  test("reasoning without what the Messages API refuses beside it", () => {
    expect(decoded({ reasoning_effort: "low", temperature: 0, top_p: 0.5 })).toMatchObject({
      request: { temperature: undefined, top_p: undefined, thinking: { type: "adaptive" } },
      warnings: ["temperature ignored while reasoning", "top_p ignored while reasoning"],
    });
    expect(decoded({ reasoning_effort: "low", temperature: 1, top_p: 0.95 })).toMatchObject({
      request: { temperature: 1, top_p: 0.95 },
      warnings: [],
    });
    expect(decoded({ reasoning_effort: "none", temperature: 0 }).request.temperature).toBe(0);
    const tools = [{ type: "function", function: { name: "f" } }];
    const forced = decoded({ reasoning_effort: "high", tools, tool_choice: "required", temperature: 0 });
    expect(forced).toMatchObject({
      request: { temperature: 0, output_config: { effort: "high" } },
      warnings: ["no reasoning before a forced tool call"],
    });
    expect(forced.request.thinking).toBeUndefined();
  });

  describe("response_format", () => {
    const inner = { type: "object", properties: { b: { type: "string" } } };
    const closed = { ...inner, additionalProperties: false };
    const schema = {
      type: "object",
      properties: { a: inner, n: { type: "integer", minimum: 1 } },
      $defs: { c: { anyOf: [inner, { type: "null" }] } },
    };
    const held = {
      type: "object",
      properties: { a: closed, n: { type: "integer", description: "{minimum: 1}" } },
      $defs: { c: { anyOf: [closed, { type: "null" }] } },
      additionalProperties: false,
    };
    const free = { type: "object", properties: { a: inner, more: { type: "object" } } };
    const asking = (json_schema: object) => decoded({ response_format: { type: "json_schema", json_schema } });
    const asked = (json_schema: object) => asking(json_schema).request;

    test("of a strict schema: the upstream gets what it can hold to, the answer is checked against all of it", () => {
      const request = asked({ name: "x", strict: true, schema, description: "An x." });
      expect<unknown>(request.output_config).toEqual({
        format: { type: "json_schema", schema: { ...held, description: "An x." } },
      });
      const { properties } = schema;
      expect<unknown>(request.text_format).toEqual({
        schema: {
          ...held,
          description: "An x.",
          properties: { ...properties, a: closed },
        },
      });
    });

    test("of a schema that is advice, which the upstream takes closed only", () => {
      expect<unknown>(asked({ name: "x", schema })).toMatchObject({
        output_config: { format: { type: "json_schema", schema: held } },
        text_format: "json",
        system: [],
      });
    });

    test("of a schema that the upstream can't hold to: the model is told", () => {
      const { request, warnings } = asking({ name: "x", schema: free });
      expect(request.output_config).toBeUndefined();
      expect(request.text_format).toBe("json");
      expect(request.system[0]?.text).toEndWith(`valid against this JSON Schema:\n${JSON.stringify(free)}`);
      expect(warnings).toEqual([
        "response_format.json_schema.schema: the model is told of it, but not held to it by the upstream",
      ]);
      const { output_config, text_format } = asked({ name: "x", strict: true, schema: free });
      expect<unknown>(output_config).toMatchObject({
        format: { schema: { properties: { more: { type: "object" } } } },
      });
      expect<unknown>(text_format).toMatchObject({ schema: { additionalProperties: false } });
      const open = { ...inner, additionalProperties: true };
      expect<unknown>(asked({ name: "x", strict: true, schema: open })).toMatchObject({
        text_format: { schema: open },
        system: [{ text: expect.stringContaining(JSON.stringify(open)) }],
      });
    });

    test("beside reasoning", () => {
      const { request } = decoded({
        reasoning_effort: "low",
        response_format: { type: "json_schema", json_schema: { name: "x", schema: closed } },
      });
      expect<unknown>(request.output_config).toEqual({
        effort: "low",
        format: { type: "json_schema", schema: closed },
      });
    });

    test("of any object, which the system prompt asks for", () => {
      const response_format = { type: "json_object" };
      const { request } = decoded({
        response_format,
        messages: [{ role: "system", content: "Be brief." }, ...messages],
      });
      expect(request.system).toHaveLength(1);
      expect(request.system[0]?.text).toStartWith("Be brief.\n\nYour answer must be a single JSON object");
      expect(request.text_format).toBe("json_object");
      expect(decoded({ response_format }).request.system).toHaveLength(1);
      expect(asked({ name: "x" }).text_format).toBe("json_object");
    });

    test("nested too deeply is refused", () => {
      let deep: object = {};
      for (let depth = 0; depth < 100_000; depth++) deep = { items: deep };
      const response_format = { type: "json_schema", json_schema: { name: "x", strict: true, schema: deep } };
      expect(refusalOf(chat, { ...minimal, response_format }).param).toBe("response_format.json_schema.schema");
      let unknown: object = {};
      for (let depth = 0; depth < 100_000; depth++) unknown = { if: unknown };
      response_format.json_schema.schema = unknown;
      expect(refusalOf(chat, { ...minimal, response_format }).param).toBe("response_format.json_schema.schema");
    });
  });

  test("leading system and developer messages as one system prompt", () => {
    const { request, warnings } = decoded({
      messages: [{ role: "system", content: "a" }, { role: "developer", content: [text("b"), text(" ")] }, ...messages],
    });
    expect(request.system).toEqual([text("a\n\nb")]);
    expect(warnings).toEqual([]);
  });

  test("later ones too, with a warning that names them", () => {
    const { request, warnings } = decoded({
      messages: [{ role: "system", content: "a" }, ...messages, { role: "system", content: "b" }],
    });
    expect(request.system).toEqual([text("a\n\nb")]);
    expect(warnings).toEqual(["messages.2: moved to the system prompt"]);
  });

  test("warnings of bounded length", () => {
    const many = Array.from({ length: 10_000 }, () => ({ role: "system", content: "a" }));
    expect(decoded({ messages: [...messages, ...many] }).warnings.join("; ").length).toBeLessThan(200);
  });

  test("a conversation with tools", () => {
    const call = (id: string, name: string, args: string) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    });
    const image = { type: "image_url", image_url: { url: "https://x/y.png" } };
    expect(
      conversation(
        ...messages,
        { role: "assistant", content: "So:", tool_calls: [call("c.1", "f", '{"a":[1]}'), call("c2", "g", "")] },
        { role: "tool", tool_call_id: "c2", content: [text("two"), text(""), image] },
        { role: "tool", tool_call_id: "c.1", content: "" },
        { role: "user", content: "and?" },
      ),
    ).toEqual([
      { role: "user", content: [text("Hi")] },
      {
        role: "assistant",
        content: [
          text("So:"),
          { type: "tool_use", id: "c-2e-1", name: "f", input: { a: [1] } },
          { type: "tool_use", id: "c2", name: "g", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "c2",
            content: [text("two"), { type: "image", source: { type: "url", url: "https://x/y.png" } }],
          },
          { type: "tool_result", tool_use_id: "c-2e-1", content: [] },
          text("and?"),
        ],
      },
    ]);
  });

  test.each([{ content: null }, { content: undefined }, { content: "" }, { content: "\n\n" }, { content: [] }])(
    "a tool call beside %j",
    ({ content }) => {
      const [, assistant] = conversation(
        ...messages,
        { role: "assistant", content, tool_calls: [{ id: "c", function: { name: "f", arguments: "{}" } }] },
        { role: "tool", tool_call_id: "c", content: "r" },
      );
      expect(assistant?.content).toEqual([{ type: "tool_use", id: "c", name: "f", input: {} }]);
    },
  );

  test.each([{ content: null }, { content: undefined }, { content: "" }, { content: [] }])(
    "a result of %j",
    ({ content }) => {
      const [, , results] = conversation(
        ...messages,
        { role: "assistant", content: null, tool_calls: [{ id: "c", function: { name: "f", arguments: "" } }] },
        { role: "tool", tool_call_id: "c", content },
      );
      expect(results?.content).toEqual([{ type: "tool_result", tool_use_id: "c", content: [] }]);
    },
  );

  test("legacy function calls, with ids that are the same each time", () => {
    const turns = [
      ...messages,
      { role: "assistant", content: null, function_call: { name: "f", arguments: '{"a":1}' } },
      { role: "function", name: "f", content: "r" },
    ];
    expect(conversation(...turns)).toEqual([
      { role: "user", content: [text("Hi")] },
      { role: "assistant", content: [{ type: "tool_use", id: "function_call_1", name: "f", input: { a: 1 } }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "function_call_1", content: [text("r")] }] },
    ]);
    expect(conversation(...turns)).toEqual(conversation(...turns));
  });

  test("refusals as text, reasoning not at all", () => {
    const said = {
      role: "assistant",
      reasoning_content: "hm",
      content: [text("a"), { type: "refusal", refusal: "b" }],
      refusal: "c",
    };
    expect(conversation(...messages, said, ...messages)[1]?.content).toEqual([text("a"), text("b"), text("c")]);
  });

  test("a PDF that nothing else tells of", () => {
    const [user] = conversation({ role: "user", content: [{ type: "file", file: { file_data: "JVBERi0xLjQK" } }] });
    expect(user?.content).toMatchObject([
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" } },
    ]);
  });

  test("images and files", () => {
    const image_url = (url: string) => ({ type: "image_url", image_url: { url, detail: "high" } });
    const file = { type: "file", file: { filename: "a.pdf", file_data: "data:application/pdf;base64,UERG" } };
    const [user] = conversation({
      role: "user",
      content: [
        text("a"),
        image_url("https://x/y.png"),
        image_url(`data:image/gif;base64,${tinyGif}`),
        image_url(`DATA:image/JPG;charset=utf-8;name=a;base64,${tinyGif}`),
        file,
      ],
    });
    expect(user?.content).toEqual([
      text("a"),
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "image", source: { type: "base64", media_type: "image/gif", data: tinyGif } },
      { type: "image", source: { type: "base64", media_type: "image/jpeg", data: tinyGif } },
      {
        type: "document",
        source: { type: "base64", media_type: "application/pdf", data: "UERG" },
        title: "a.pdf",
      },
    ]);
  });

  test("an assistant's greeting by putting a user's turn before it", () => {
    const { request, warnings } = decoded({ messages: [{ role: "assistant", content: "Hello" }, ...messages] });
    expect(request.messages).toEqual([
      { role: "user", content: [text("(continue)")] },
      { role: "assistant", content: [text("Hello")] },
      { role: "user", content: [text("Hi")] },
    ]);
    expect(warnings).toEqual(["the user's turn \"(continue)\" was put before the assistant's first"]);
  });

  test("an assistant's turn at the end by putting a user's behind it", () => {
    const { request, warnings } = decoded({ messages: [{ role: "assistant", content: "Hello" }] });
    expect(request.messages.map(({ role }) => role)).toEqual(["user", "assistant", "user"]);
    expect(warnings).toEqual([
      expect.stringContaining("before the assistant's first"),
      expect.stringContaining("behind"),
    ]);
  });

  test("what it can't honour but may ignore, with a warning each", () => {
    const ignored = {
      frequency_penalty: 1,
      presence_penalty: -1,
      logit_bias: { "50256": -100 },
      seed: 0,
      verbosity: "low",
      prediction: { type: "content", content: "a" },
      store: true,
    };
    const { request, warnings } = decoded(ignored);
    expect(request).toEqual(chat.decode(minimal, context).request);
    expect(warnings).toEqual(Object.keys(ignored).map((param) => `${param} ignored`));
    expect(decoded({ messages: [{ role: "user", content: "a", name: "Ann" }] }).warnings).toEqual([
      "name ignored in messages.0",
    ]);
  });

  test("what asks for nothing, silently", () => {
    const { warnings } = decoded({
      frequency_penalty: 0,
      presence_penalty: 0,
      logit_bias: {},
      verbosity: "medium",
      store: false,
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      modalities: ["text"],
      response_format: { type: "text" },
      tools: [],
      functions: null,
      tool_choice: "auto",
      parallel_tool_calls: false,
      user: "u",
      metadata: {},
      service_tier: "auto",
      stream_options: null,
    });
    expect(warnings).toEqual([]);
  });

  test("lone surrogates as U+FFFD, also where the arguments' own JSON hides them", () => {
    const [user, assistant] = conversation(
      { role: "user", content: "a\ud800" },
      { role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: '{"a":"\\udc00"}' } }] },
      { role: "tool", tool_call_id: "c", content: "r" },
    );
    expect(user?.content).toEqual([text("a\ufffd")]);
    expect(assistant?.content).toMatchObject([{ input: { a: "\ufffd" } }]);
  });

  test("a request without a model by the configured one", () => {
    expect(chat.decode({ messages }, { ...context, defaultModel: "sonnet" }).request.model).toBe("sonnet");
  });
});

describe("refuses", () => {
  const part = (part: object) => ({ messages: [{ role: "user", content: [part] }] });
  const url = "messages.0.content.0.image_url.url";
  const file = "messages.0.content.0.file";

  test.each<[object, string, string]>([
    [{ messages: undefined }, "messages", "messages: Field required"],
    [{ messages: [] }, "messages", "messages: Input should have a length of at least 1"],
    [
      { messages: [{ role: "bot", content: "a" }] },
      "messages.0.role",
      "messages.0.role: Input should be 'system', 'developer', 'user', 'assistant', 'tool' or 'function'",
    ],
    [{ temperature: 2.1 }, "temperature", "temperature: Input should be at most 2"],
    [{ top_p: 2 }, "top_p", "top_p: Input should be at most 1"],
    [{ frequency_penalty: 3 }, "frequency_penalty", "frequency_penalty: Input should be at most 2"],
    [{ logit_bias: { a: 101 } }, "logit_bias.a", "logit_bias.a: Input should be at most 100"],
    [{ max_tokens: 0 }, "max_tokens", "max_tokens: Input should be at least 1"],
    [{ stop: ["a", "b", "c", "d", "e"] }, "stop", "stop: Input should have a length of at most 4"],
    [{ stop: ["a", 1] }, "stop.1", "stop.1: Input should be a valid string"],
    [{ n: 2 }, "n", "n: only one choice can be answered"],
    [{ logprobs: true }, "logprobs", "logprobs: log probabilities are not available"],
    [{ top_logprobs: 1 }, "top_logprobs", "top_logprobs: log probabilities are not available"],
    [{ audio: { voice: "x" } }, "audio", "audio: audio output is not supported"],
    [{ modalities: ["text", "audio"] }, "modalities", "modalities: audio output is not supported"],
    [{ web_search_options: {} }, "web_search_options", "web_search_options: web search is not supported"],
    [{ moderation: {} }, "moderation", "moderation: moderation is not supported"],
    [
      { response_format: { type: "xml" } },
      "response_format.type",
      "response_format.type: Input should be 'text', 'json_object' or 'json_schema'",
    ],
    [
      { response_format: { type: "json_schema" } },
      "response_format.json_schema",
      "response_format.json_schema: Field required",
    ],
    [
      part({ type: "image_url", image_url: { url: "data:image/png;base64,AA==" } }),
      "messages.0.content.0",
      "messages.0.content.0: the image should be a JPEG, PNG, GIF or WebP file",
    ],
    [
      part({ type: "file", file: { file_data: "data:application/pdf;base64,A" } }),
      "messages.0.content.0",
      "messages.0.content.0: the document should be valid base64",
    ],
    [{ stream_options: {} }, "stream_options", "stream_options: it is only allowed when `stream` is true"],
    [part({ type: "input_audio" }), "messages.0.content.0", "messages.0.content.0: audio input is not supported"],
    [
      part({ type: "image_url", image_url: { url: "ftp://x" } }),
      url,
      `${url}: Input should be a URL that begins with \`http\` or with \`data:<type>;base64,\``,
    ],
    [
      part({ type: "image_url", image_url: { url: "data:image/png,AA" } }),
      url,
      `${url}: Input should be a URL that begins with \`http\` or with \`data:<type>;base64,\``,
    ],
    [
      part({ type: "image_url", image_url: { url: "data:image/tiff;base64,AA" } }),
      url,
      `${url}: an image should be one of image/jpeg, image/png, image/gif, image/webp`,
    ],
    [
      part({ type: "file", file: { file_id: "f" } }),
      `${file}.file_id`,
      `${file}.file_id: there is no file storage; send \`file_data\``,
    ],
    [part({ type: "file", file: {} }), `${file}.file_data`, `${file}.file_data: Field required`],
    [
      part({ type: "file", file: { file_data: "data:application/zip;base64,AA" } }),
      `${file}.file_data`,
      `${file}.file_data: a file should be application/pdf or a text`,
    ],
    [
      part({ type: "file", file: { file_data: "data:text/plain;base64,/w==" } }),
      `${file}.file_data`,
      `${file}.file_data: a text should be UTF-8`,
    ],
    [
      {
        messages: [
          ...messages,
          { role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: "{" } }] },
        ],
      },
      "messages.1.tool_calls.0.function.arguments",
      "messages.1.tool_calls.0.function.arguments: Input should be a JSON object",
    ],
    [
      {
        messages: [
          ...messages,
          { role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: "" } }] },
          { role: "tool", tool_call_id: "c", content: [{ type: "input_audio" }] },
        ],
      },
      "messages.2.content.0",
      "messages.2.content.0: audio input is not supported",
    ],
    [
      {
        messages: [
          ...messages,
          { role: "assistant", tool_calls: [{ id: "c", function: { name: "f", arguments: "" } }] },
          { role: "tool", tool_call_id: "c", content: [text("a"), { type: "file", file: { file_data: "JVBERi0?" } }] },
        ],
      },
      "messages.2.content.1",
      "messages.2.content.1: the document should be valid base64",
    ],
    [
      { messages: [...messages, { role: "assistant", content: "a", audio: { id: "audio_1" } }] },
      "messages.1.audio",
      "messages.1.audio: audio is not supported",
    ],
    [
      { messages: [...messages, { role: "assistant", function_call: { name: "f", arguments: "[]" } }] },
      "messages.1.function_call.arguments",
      "messages.1.function_call.arguments: Input should be a JSON object",
    ],
    [
      { messages: [...messages, { role: "function", name: "f", content: "r" }] },
      "messages.1",
      "messages.1: a function message must follow an assistant message with `function_call`",
    ],
    [
      { messages: [...messages, { role: "tool", tool_call_id: "c", content: "r" }] },
      "messages.1",
      "messages.1: unexpected `tool_use_id` found in `tool_result` blocks: c. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
    ],
    [
      { messages: [...messages, { role: "assistant", content: "" }, ...messages] },
      "messages.1",
      "messages.1: all messages must have non-empty content",
    ],
    [{ messages: [{ role: "system", content: "a" }] }, "messages", "messages: at least one user message is required"],
  ])("%j", (fields, param, message) => {
    expect(refusalOf(chat, { ...minimal, ...fields })).toMatchObject({ param, message });
  });

  test("a request without any model, in OpenAI's words", () => {
    expect(refusalOf(chat, { messages })).toMatchObject({
      message: "Missing required parameter: 'model'.",
      param: "model",
      code: "missing_required_parameter",
    });
  });

  test.each<[object, string]>([
    [{ messages: undefined }, "missing_required_parameter"],
    [{ messages: "a" }, "invalid_type"],
    [{ temperature: 9 }, "invalid_value"],
    [{ n: 2 }, "unsupported_parameter"],
  ])("%j with its code", (fields, code) => expect(refusalOf(chat, { ...minimal, ...fields }).code).toBe(code));

  test("with a short message, however long the client's own names are", () => {
    const { message, param } = refusalOf(chat, { ...minimal, logit_bias: { ["k".repeat(100_000)]: "x" } });
    expect(message).toHaveLength(300);
    expect(param).toHaveLength(300);
  });
});

test("100,000 messages are decoded in linear time", () => {
  const many = Array.from({ length: 99_999 }, (_, n) => ({
    role: n % 2 ? "assistant" : "user",
    content: `message ${n}`,
  }));
  // Quadratic work would be ten thousand million steps: the test's time limit is the verdict.
  expect(conversation(...many)).toHaveLength(99_999);
});
