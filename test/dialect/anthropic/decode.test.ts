import { describe, expect, test } from "bun:test";
import { anthropic } from "../../../src/dialect/anthropic/index.ts";
import { context, refusalOf } from "../refusal.ts";
import { tinyGif } from "../../support/images.ts";

const messages = [{ role: "user", content: "Hi" }];
const minimal = { model: "opus", max_tokens: 10, messages };

const decoded = (fields: object) => anthropic.decode({ ...minimal, ...fields }, context);

describe("decodes", () => {
  test("the least that a request has", () => {
    const { request, stream, warnings } = anthropic.decode(minimal, context);
    expect(request).toEqual({
      model: "opus",
      max_tokens: 10,
      system: [],
      messages: [{ role: "user", content: [{ type: "text", text: "Hi" }] }],
    });
    expect(stream).toBe(false);
    expect(warnings).toEqual([]);
  });

  test("every parameter that the engines take", () => {
    const parameters = {
      temperature: 0.5,
      top_p: 1,
      top_k: 3,
      stop_sequences: ["END"],
      thinking: { type: "enabled", budget_tokens: 1024, display: "omitted" },
      output_config: { effort: "high", format: { type: "json_schema", schema: { type: "object" } } },
      service_tier: "auto",
      speed: "fast",
      inference_geo: "us",
      max_tokens: 1025,
    };
    expect(decoded({ ...parameters, stream: true })).toMatchObject({ request: parameters, stream: true, warnings: [] });
  });

  test("null as absent", () => {
    const nothing = {
      temperature: null,
      system: null,
      stop_sequences: null,
      thinking: null,
      tools: null,
      stream: null,
    };
    expect(decoded(nothing).request).toEqual(anthropic.decode(minimal, context).request);
  });

  test("every kind of block, with its cache control", () => {
    const cache_control = { type: "ephemeral", ttl: "1h" };
    const content = [
      { type: "text", text: "a", cache_control },
      { type: "image", source: { type: "base64", media_type: "image/gif", data: tinyGif }, cache_control },
      { type: "image", source: { type: "url", url: "https://x/y.png" } },
      { type: "document", source: { type: "base64", media_type: "application/pdf", data: "AA==" }, title: "t" },
      {
        type: "document",
        source: { type: "content", content: [{ type: "text", text: "a" }] },
        citations: { enabled: true },
      },
      { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "a" }] },
    ];
    const history = [
      { role: "user", content },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "hm", signature: "sig" },
          { type: "redacted_thinking", data: "xx" },
          { type: "tool_use", id: "toolu_1", name: "f", input: { a: [1, { b: null }] }, cache_control },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_1",
            content: [{ type: "text", text: "r" }],
            is_error: true,
            cache_control,
          },
        ],
      },
    ];
    const { request } = decoded({ system: [{ type: "text", text: "s", cache_control }], messages: history });
    expect<unknown>(request.messages).toEqual(history);
    expect<unknown>(request.system).toEqual([{ type: "text", text: "s", cache_control }]);
  });

  test.each([
    [{ edits: [{ type: "clear_thinking_20251015", keep: "all" }] }, []],
    [{ edits: [] }, []],
    [
      { edits: [{ type: "clear_thinking_20251015", keep: { type: "thinking_turns", value: 2 } }] },
      ["context_management ignored"],
    ],
    [{ edits: [{ type: "clear_tool_uses_20250919", keep: "all" }] }, ["context_management ignored"]],
    [{}, ["context_management ignored"]],
  ])("the context managed by %j, as Claude Code does or not", (context_management, warnings) => {
    expect(decoded({ context_management }).warnings).toEqual(warnings);
  });

  test("fields that nobody knows, which go no further", () => {
    const body = { metadata: { user_id: "u" }, betas: ["x"], shiny: 1 };
    const block = { type: "text", text: "Hi", shiny: 1 };
    const { request, warnings } = decoded({ ...body, messages: [{ role: "user", content: [block] }] });
    expect(request).toEqual(anthropic.decode(minimal, context).request);
    expect(warnings).toEqual(["betas, shiny ignored: not known to this API"]);
  });

  test("the result of a tool as text, as blocks, as nothing", () => {
    const result = (content: unknown) =>
      decoded({
        messages: [
          ...messages,
          { role: "assistant", content: [{ type: "tool_use", id: "x", name: "f", input: {} }] },
          { role: "user", content: [{ type: "tool_result", tool_use_id: "x", content }] },
        ],
      }).request.messages[2]?.content;
    const asBlocks = [
      { type: "tool_result" as const, tool_use_id: "x", content: [{ type: "text" as const, text: "r" }] },
    ];
    expect(result("r")).toEqual(asBlocks);
    expect(result([{ type: "text", text: "r" }])).toEqual(asBlocks);
    expect(result(undefined)).toEqual([{ type: "tool_result", tool_use_id: "x", content: [] }]);
  });

  test("system turns by moving them to the system prompt, with a warning", () => {
    const { request, warnings } = decoded({
      system: "first",
      messages: [...messages, { role: "system", content: "second" }, { role: "user", content: "more" }],
    });
    expect(request.system).toEqual([
      { type: "text", text: "first" },
      { type: "text", text: "second" },
    ]);
    expect(request.messages).toHaveLength(1);
    expect(warnings).toEqual(["messages.1: moved to the system prompt"]);
  });

  test("a request without a model by the configured one", () => {
    const body = { max_tokens: 10, messages };
    expect(anthropic.decode(body, { ...context, defaultModel: "sonnet" }).request.model).toBe("sonnet");
    expect(anthropic.decode(minimal, { ...context, defaultModel: "sonnet" }).request.model).toBe("opus");
  });

  test("the beta's output_format", () => {
    const output_format = { type: "json_schema", schema: {} };
    expect<unknown>(decoded({ output_format, output_config: { effort: "low" } }).request.output_config).toEqual({
      effort: "low",
      format: output_format,
    });
  });

  test("betas from the header, but for those that say who asks", () => {
    const betas = (header: string) =>
      anthropic.decode(minimal, { ...context, headers: new Headers({ "anthropic-beta": header }) }).request.betas;
    expect(betas("context-1m-2025-08-07, claude-code-20250219,oauth-2025-04-20,context-1m-2025-08-07,x")).toEqual([
      "context-1m-2025-08-07",
      "x",
    ]);
    expect(betas("claude-code-20250219")).toBeUndefined();
    expect(betas("A,b c,d:e,f_g,")).toBeUndefined();
    expect(betas(Array.from({ length: 33 }, (_, n) => `b${n}`).join())).toBeUndefined();
  });

  test("prefill, by asking to go on, with a warning", () => {
    const { request, warnings } = decoded({ messages: [...messages, { role: "assistant", content: "Hello" }] });
    const prompt = "Continue from where your last message ends, and repeat nothing of it.";
    expect<unknown>(request.messages.slice(1)).toEqual([
      { role: "assistant", content: [{ type: "text", text: "Hello" }] },
      { role: "user", content: [{ type: "text", text: prompt }] },
    ]);
    expect(warnings).toEqual([`the user's turn "${prompt}" was put behind the assistant's last`]);
  });

  test("thinking of another provider by leaving it out, with a warning", () => {
    const foreign = (signature: unknown) => ({ type: "thinking", thinking: "hm", signature });
    const { request, warnings } = decoded({
      messages: [
        ...messages,
        { role: "assistant", content: [foreign(undefined)] },
        { role: "user", content: "a" },
        { role: "assistant", content: [foreign("gemini|x"), foreign("c2ln"), { type: "text", text: "b" }] },
        ...messages,
      ],
    });
    expect<unknown>(request.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "text", text: "Hi" },
          { type: "text", text: "a" },
        ],
      },
      { role: "assistant", content: [foreign("c2ln"), { type: "text", text: "b" }] },
      { role: "user", content: [{ type: "text", text: "Hi" }] },
    ]);
    expect(warnings).toEqual(["messages.1, messages.3: thinking without a signature left out"]);
  });

  test("lone surrogates as U+FFFD, NUL as it is", () => {
    const { request } = decoded({ system: "a\ud800", messages: [{ role: "user", content: "\udc00\0" }] });
    expect(request.system).toEqual([{ type: "text", text: "a\ufffd" }]);
    expect(request.messages[0]?.content).toEqual([{ type: "text", text: "\ufffd\0" }]);
  });
});

describe("refuses", () => {
  const withBlock = (block: unknown, role = "user") => ({ messages: [{ role, content: [block] }] });
  const withSource = (source: object, type = "image") => withBlock({ type, source });
  const inBase64 = (media_type: string, data: string) => ({ type: "base64", media_type, data });

  test.each<[object, string]>([
    [{ max_tokens: undefined }, "max_tokens: Field required"],
    [{ max_tokens: -1 }, "max_tokens: Input should be at least 0"],
    [{ max_tokens: 1.5 }, "max_tokens: Input should be a valid integer"],
    [{ max_tokens: "9" }, "max_tokens: Input should be a valid number"],
    [{ model: undefined }, "model: Field required"],
    [{ model: 3 }, "model: Input should be a valid string"],
    [{ messages: undefined }, "messages: Field required"],
    [{ messages: [] }, "messages: Input should have a length of at least 1"],
    [{ messages: {} }, "messages: Input should be a valid list"],
    [{ messages: ["Hi"] }, "messages.0: Input should be a valid object"],
    [{ messages: [{ role: "tool", content: "a" }] }, "messages.0.role: Input should be 'user' or 'assistant'"],
    [{ messages: [{ content: "a" }] }, "messages.0.role: Field required"],
    [{ messages: [{ role: "user" }] }, "messages.0.content: Field required"],
    [
      { messages: [{ role: "user", content: 3 }] },
      "messages.0.content: Input should be a valid string or a valid list",
    ],
    [withBlock({ type: "text" }), "messages.0.content.0.text: Field required"],
    [withBlock({ text: "a" }), "messages.0.content.0.type: Field required"],
    [
      withBlock({ type: "video" }),
      "messages.0.content.0.type: Input should be 'text', 'image', 'document', 'search_result', 'tool_use', 'tool_result', 'thinking' or 'redacted_thinking'",
    ],
    [
      withBlock({ type: "image", source: { type: "file", file_id: "f" } }),
      "messages.0.content.0.source.type: Input should be 'base64' or 'url'",
    ],
    [
      withBlock({ type: "tool_result", tool_use_id: "x", content: [{ type: "text", text: 1 }] }),
      "messages.0.content.0.content.0.text: Input should be a valid string",
    ],
    [
      withSource(inBase64("image/png", "A".repeat(5 * 1024 * 1024 + 4))),
      "messages.0.content.0: image exceeds 5 MB maximum: 5242884 bytes > 5242880 bytes",
    ],
    // Of that size it is looked at.
    [
      withSource(inBase64("image/png", "A".repeat(5 * 1024 * 1024))),
      "messages.0.content.0: the image should be a JPEG, PNG, GIF or WebP file",
    ],
    [withSource(inBase64("image/png", "iVBORw0KGgo")), "messages.0.content.0: the image should be valid base64"],
    [withSource(inBase64("image/png", "")), "messages.0.content.0: the image should be valid base64"],
    [
      withSource(inBase64("image/png", "AAAA")),
      "messages.0.content.0: the image should be a JPEG, PNG, GIF or WebP file",
    ],
    [
      withSource(inBase64("text/html", "AAAA"), "document"),
      "messages.0.content.0: a document in base64 should be application/pdf",
    ],
    [
      withSource(inBase64("application/pdf", "?"), "document"),
      "messages.0.content.0: the document should be valid base64",
    ],
    [
      withSource({ type: "text", media_type: "text/html", data: "a" }, "document"),
      "messages.0.content.0: the text of a document should be text/plain",
    ],
    [
      withSource({ type: "url", url: "file:///etc/passwd" }),
      "messages.0.content.0: the URL should begin with `https://` or `http://`",
    ],
    [
      withBlock({
        type: "tool_result",
        tool_use_id: "x",
        content: [{ type: "image", source: inBase64("image/png", "AAAA") }],
      }),
      "messages.0.content.0.content.0: the image should be a JPEG, PNG, GIF or WebP file",
    ],
    [{ compaction: {} }, "compaction: compaction is not supported"],
    [{ billing_policy: {} }, "billing_policy: who is billed is chosen by Claude Code's login"],
    [{ system: [{ type: "text", text: " " }] }, "system.0: text content blocks must contain non-whitespace text"],
    [{ system: [{ type: "image" }] }, "system.0.type: Input should be 'text'"],
    [{ temperature: 1.1 }, "temperature: Input should be at most 1"],
    [{ top_p: -0.1 }, "top_p: Input should be at least 0"],
    [{ stop_sequences: ["a", " "] }, "stop_sequences: each stop sequence must contain non-whitespace"],
    [{ container: "c" }, "container: containers are not supported"],
    [{ mcp_servers: [{}] }, "mcp_servers: MCP servers are not supported"],
    [{ thinking: { type: "enabled", budget_tokens: 1000 } }, "thinking.budget_tokens: Input should be at least 1024"],
    [
      { thinking: { type: "enabled", budget_tokens: 2048 }, max_tokens: 2048 },
      "max_tokens: `max_tokens` must be greater than `thinking.budget_tokens`",
    ],
    [
      { thinking: { type: "hard" } },
      "thinking.type: Input should be 'enabled', 'adaptive', 'disabled' or 'between_tools'",
    ],
    [{ messages: [{ role: "assistant", content: "Hello" }] }, 'messages.0: the first message must use the "user" role'],
    [{ messages: [{ role: "system", content: "a" }] }, "messages: at least one user message is required"],
  ])("%j", (fields, message) => {
    const error = refusalOf(anthropic, { ...minimal, ...fields });
    expect(error.message).toBe(message);
    expect(error.param).toBe(message.slice(0, message.indexOf(":")));
  });

  test("a body that is no object", () => {
    for (const body of [null, undefined, 3, "x", [], true]) {
      const { message, param } = refusalOf(anthropic, body);
      expect(message).toBe(
        body === undefined ? "the request body: Field required" : "the request body: Input should be a valid object",
      );
      expect(param).toBeUndefined();
    }
  });
});

describe("by version", () => {
  const removed: [object, string][] = [
    [{ temperature: 1 }, "temperature: Extra inputs are not permitted in version 2026-10-21"],
    [{ top_p: 1 }, "top_p: Extra inputs are not permitted in version 2026-10-21"],
    [{ top_k: 0 }, "top_k: Extra inputs are not permitted in version 2026-10-21"],
    [
      {
        messages: [
          ...messages,
          {
            role: "assistant",
            content: [{ type: "document", source: { type: "text", media_type: "text/plain", data: "a" } }],
          },
          ...messages,
        ],
      },
      "messages.1.content.0: `document` blocks can't be in `assistant` messages in version 2026-10-21",
    ],
    ...[
      { type: "text", text: "a", citations: [{}] },
      { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "a", citations: [{}] }] },
    ].map((block): [object, string] => [
      { messages: [{ role: "user", content: [block] }] },
      "messages.0.content.0: text of `user` messages can't have `citations` in version 2026-10-21",
    ]),
  ];

  test.each(removed)("%j", (fields, message) => {
    const body = { ...minimal, ...fields };
    const headers = (version: string) => new Headers({ "anthropic-version": version });
    expect(() => anthropic.decode(body, { ...context, headers: headers("2026-10-21") })).toThrow(message);
    for (const older of [context.headers, headers("2023-06-01"), headers("someday")]) {
      expect(anthropic.decode(body, { ...context, headers: older }).warnings).toEqual([]);
    }
  });

  test("what the newer one kept", () => {
    const kept = {
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "a", citations: [] },
            { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: "a" }] },
          ],
        },
        { role: "assistant", content: [{ type: "text", text: "a", citations: [{}] }] },
        ...messages,
      ],
    };
    const headers = new Headers({ "anthropic-version": "2026-10-21" });
    expect(anthropic.decode({ ...minimal, ...kept }, { ...context, headers }).request.messages).toHaveLength(3);
  });
});

test("the most messages that a request may have are decoded in linear time", () => {
  const many = Array.from({ length: 99_999 }, (_, n) => ({
    role: n % 2 ? "assistant" : "user",
    content: [{ type: "text", text: `message ${n}` }],
  }));
  // Quadratic work would be ten thousand million steps: the test's time limit is the verdict.
  expect(decoded({ messages: many }).request.messages).toHaveLength(99_999);
});
