/** The main path: a real client, the real CLI, an upstream on loopback. */

import { describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import {
  blocks,
  cut,
  error,
  events,
  eventsOf,
  messageOf,
  midStreamError,
  refusal,
  type StreamEvent,
  text,
  thinking,
} from "../support/mock-anthropic.ts";
import { conversationIn, linesIn, systemIn } from "../support/seen.ts";
import { startSluice } from "../support/sluice.ts";

const hello = { role: "user" as const, content: "Hello" };

/** Milliseconds: a busy machine has that long to end a CLI that would ask again behind the last event. */
const betweenEvents = 200;

describe("an answer arrives as the upstream gave it", () => {
  test("Messages, streamed", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => thinking("Let me see.", "Grüße 👋\u2028 aus dem Strom.", { chunks: 5 }));
    const stream = sluice.anthropic.messages.stream({
      model: "claude-sonnet-4-5",
      max_tokens: 4000,
      thinking: { type: "enabled", budget_tokens: 2000 },
      messages: [hello],
    });
    const message = await stream.finalMessage();
    expect<unknown>(message.content).toEqual([
      { type: "thinking", thinking: "Let me see.", signature: "c2lnbmF0dXJl" },
      { type: "text", text: "Grüße 👋\u2028 aus dem Strom." },
    ]);
    expect(message.stop_reason).toBe("end_turn");
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      output_tokens: 7,
      cache_creation_input_tokens: 3,
      cache_read_input_tokens: 5,
    });
    expect(message.model).toBe("claude-sonnet-4-5");
    expect(stream.request_id).toMatch(/^req_/);
    expect(sluice.mock.requests).toHaveLength(1);
  });

  test("Messages, whole", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => text("Whole.", { stop_reason: "stop_sequence", stop_sequence: "END" }));
    const message = await sluice.anthropic.messages.create({
      model: "opus",
      max_tokens: 77,
      stop_sequences: ["END"],
      messages: [hello],
    });
    expect<unknown>(message.content).toEqual([{ type: "text", text: "Whole." }]);
    expect([message.stop_reason, message.stop_sequence]).toEqual(["stop_sequence", "END"]);
    expect(sluice.mock.requests[0]?.body).toMatchObject({ max_tokens: 77, stop_sequences: ["END"] });
  });

  test("Chat Completions, streamed and whole", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => text("An answer in pieces.", { chunks: 4 }));
    const request = { model: "anthropic/claude-haiku-4-5", messages: [hello] };
    const streamed = await sluice.openai.chat.completions
      .stream({ ...request, stream_options: { include_usage: true } })
      .finalChatCompletion();
    const whole = await sluice.openai.chat.completions.create(request);
    for (const completion of [streamed, whole]) {
      expect(completion.choices[0]?.message.content).toBe("An answer in pieces.");
      expect(completion.choices[0]?.finish_reason).toBe("stop");
      expect(completion.usage).toMatchObject({ prompt_tokens: 18, completion_tokens: 7, total_tokens: 25 });
      expect(completion.model).toBe("anthropic/claude-haiku-4-5");
    }
    expect(sluice.mock.requests.map(({ body }) => body.model)).toEqual(["claude-haiku-4-5", "claude-haiku-4-5"]);
  });

  test.each(["max_tokens", "model_context_window_exceeded"] as const)(
    "%s costs exactly one request",
    async (reason) => {
      await using sluice = await startSluice();
      sluice.mock.respond(() => text("cut off her", { stop_reason: reason, delayMs: betweenEvents }));
      const message = await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 5, messages: [hello] });
      expect(message.stop_reason).toBe(reason);
      const completion = await sluice.openai.chat.completions.create({
        model: "sonnet",
        max_tokens: 5,
        messages: [hello],
      });
      expect(completion.choices[0]?.finish_reason).toBe("length");
      await sluice.quiet();
      expect(sluice.mock.requests).toHaveLength(2);
    },
  );

  test.each([
    ["nothing", blocks([])],
    ["a blank", text(" ")],
    ["a thought", blocks([{ type: "thinking", thinking: "hm", signature: "c2ln" }])],
  ])("%s costs exactly one request", async (_, reply) => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => ({ ...reply, delayMs: betweenEvents }));
    const message = await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 5, messages: [hello] });
    expect(message.stop_reason).toBe("end_turn");
    await sluice.quiet();
    // The CLI would ask for something to read: a process that is kept has done so.
    const health = (await (await fetch(`${sluice.url}/health`)).json()) as { detail: { live: number } };
    expect(health.detail.live).toBe(0);
    expect(sluice.mock.requests).toHaveLength(1);
  });

  test("a refusal costs exactly one request", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => ({ ...refusal(), delayMs: betweenEvents }));
    const message = await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 5, messages: [hello] });
    expect([message.stop_reason, message.content]).toEqual(["refusal", []]);
    await sluice.quiet();
    expect(sluice.mock.requests).toHaveLength(1);
  });
});

describe("a request arrives as the client sent it", () => {
  test("ten turns are ten alternating messages and one request", async () => {
    await using sluice = await startSluice();
    const messages = Array.from({ length: 19 }, (_, n) => ({
      role: n % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: `turn ${n}`,
    }));
    await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 100, messages });
    expect(linesIn(sluice.mock.requests[0]?.body)).toEqual(messages.map((m) => `${m.role}: ${m.content}`));
    await sluice.openai.chat.completions.create({ model: "sonnet", messages });
    expect(linesIn(sluice.mock.requests[1]?.body)).toEqual(messages.map((m) => `${m.role}: ${m.content}`));
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("tool calls, results, images, documents and thinking of the history", async () => {
    await using sluice = await startSluice();
    const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    const source = { type: "base64", media_type: "image/png", data: pixel } as const;
    const sent = [
      {
        role: "user",
        content: [
          { type: "image", source },
          { type: "text", text: "What is this?" },
        ],
      },
      {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "A dot.", signature: "c2ln" },
          { type: "text", text: "Let me look." },
          { type: "tool_use", id: "toolu_1", name: "look", input: { at: [0, 0] } },
          { type: "tool_use", id: "toolu_2", name: "look", input: {} },
        ],
      },
      {
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "toolu_1",
            content: [
              { type: "text", text: "red" },
              { type: "image", source },
            ],
          },
          { type: "tool_result", tool_use_id: "toolu_2", content: [{ type: "text", text: "no" }], is_error: true },
          { type: "document", source: { type: "text", media_type: "text/plain", data: "a note" } },
          { type: "text", text: "So?" },
        ],
      },
    ] as const;
    await sluice.anthropic.messages.create({
      model: "claude-opus-4-6",
      max_tokens: 9000,
      thinking: { type: "enabled", budget_tokens: 2000 },
      messages: sent as unknown as Anthropic.MessageParam[],
    });
    const { body } = sluice.mock.requests[0] ?? {};
    expect<unknown>(conversationIn(body)).toEqual(sent);
    const marks = JSON.stringify(body).match(/"cache_control"/g) ?? [];
    expect(marks.length).toBeLessThanOrEqual(4);
  });

  test("parameters reach the upstream as they are, and thinking only when it was asked for", async () => {
    await using sluice = await startSluice();
    const post = (extra: object) =>
      sluice.post("/v1/messages", { model: "claude-sonnet-4-5", max_tokens: 3000, messages: [hello], ...extra });
    expect((await post({ temperature: 0.25, top_p: 0.5, top_k: 7, stop_sequences: ["A", "B"] })).status).toBe(200);
    expect(
      (await post({ thinking: { type: "enabled", budget_tokens: 1500 }, output_config: { effort: "high" } })).status,
    ).toBe(200);
    expect((await post({ thinking: { type: "disabled" } })).status).toBe(200);
    const [plain, thought, disabled] = sluice.mock.requests.map(({ body }) => body);
    expect(plain).toMatchObject({
      temperature: 0.25,
      top_p: 0.5,
      top_k: 7,
      stop_sequences: ["A", "B"],
      max_tokens: 3000,
    });
    expect(plain).not.toHaveProperty("thinking");
    expect(thought?.["thinking"]).toEqual({ type: "enabled", budget_tokens: 1500 });
    expect(thought).not.toHaveProperty("temperature");
    expect(disabled?.["thinking"]).toEqual({ type: "disabled" });
    expect(disabled).not.toHaveProperty("context_management");
    expect(sluice.mock.requests).toHaveLength(3);
  });

  test("text that looks like a command, a file mention or JSON is text", async () => {
    await using sluice = await startSluice();
    for (const content of [
      "/cost",
      "@/etc/hostname look",
      "!ls",
      "# note",
      '{"type":"control_request"}\n{}',
      "a\0b\u2028c",
    ]) {
      await sluice.anthropic.messages.create({
        model: "sonnet",
        max_tokens: 10,
        messages: [{ role: "user", content }],
      });
      expect(linesIn(sluice.mock.requests.at(-1)?.body)).toEqual([`user: ${content}`]);
    }
    const hostname = (await Bun.file("/etc/hostname").text()).trim();
    expect(JSON.stringify(sluice.mock.requests.map(({ body }) => body.messages))).not.toContain(`\\n${hostname}`);
  });

  test("a 5 MB prompt works", async () => {
    await using sluice = await startSluice();
    const prompt = "Zahlen 数字 numbers. ".repeat(250_000);
    expect(Buffer.byteLength(prompt)).toBeGreaterThan(5_000_000);
    const message = await sluice.anthropic.messages
      .stream({
        model: "sonnet",
        max_tokens: 1_000_000,
        system: "Read.",
        messages: [{ role: "user", content: prompt }],
      })
      .finalMessage();
    expect(message.content[0]).toMatchObject({ type: "text", text: `You said: ${prompt}` });
    expect(sluice.mock.requests).toHaveLength(1);
  });

  test("the system prompt replaces, is appended, or embedded", async () => {
    const ask = async (args: string[], system?: string) => {
      await using sluice = await startSluice({ args });
      await sluice.anthropic.messages.create({
        model: "sonnet",
        max_tokens: 10,
        messages: [hello],
        ...(system && { system }),
      });
      return sluice.mock.requests[0]?.body;
    };
    expect(systemIn(await ask([], "Be brief."))).toEqual(["Be brief."]);
    expect(systemIn(await ask([]))).toEqual([]);

    const appended = systemIn(await ask(["--system-prompt", "append"], "Be brief."));
    expect(appended.at(-1)).toEndWith("Be brief.");
    expect(appended.join("").length).toBeGreaterThan(2000);

    const embedded = await ask(["--embed-system-prompt"], "Be brief.");
    expect(systemIn(embedded)).toEqual([]);
    expect(linesIn(embedded)).toEqual(["user: <system>\nBe brief.\n</system>|Hello"]);
  });

  test("nothing of a request is in the arguments of a process, and the environment is filtered", async () => {
    await using sluice = await startSluice({ env: { SECRET_OF_MINE: "hush" } });
    let seen = "";
    sluice.mock.respond(async () => {
      for (const { pid } of sluice.processes()) {
        seen += await Bun.file(`/proc/${pid}/cmdline`).text();
        expect(await Bun.file(`/proc/${pid}/environ`).text()).not.toContain("SECRET_OF_MINE");
      }
      return text("ok");
    });
    const request = { model: "claude-opus-4-6", max_tokens: 10, system: "PRIVATE-SYSTEM" };
    await sluice.anthropic.messages.create({ ...request, messages: [{ role: "user", content: "PRIVATE-TEXT" }] });
    expect(seen).toContain("stream-json");
    expect(seen).not.toContain("PRIVATE");
    expect(seen).not.toContain("claude-opus-4-6");
  });
});

describe("a failure is told as what it is", () => {
  const ask = (sluice: { anthropic: Anthropic }) =>
    sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 10, messages: [hello] }).then(
      () => undefined,
      (reason: InstanceType<typeof Anthropic.APIError>) => reason,
    );

  test.each([
    [400, "invalid_request_error", 400, "invalid_request_error"],
    [401, "authentication_error", 401, "authentication_error"],
    [403, "permission_error", 403, "permission_error"],
    [404, "not_found_error", 404, "not_found_error"],
    [413, "request_too_large", 413, "request_too_large"],
    [429, "rate_limit_error", 429, "rate_limit_error"],
    [500, "api_error", 500, "api_error"],
    [529, "overloaded_error", 529, "overloaded_error"],
  ])("upstream %p %p", async (status, type, expectedStatus, expectedType) => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => error(status, type, "so said the upstream", { "x-should-retry": "false" }));
    const failure = await ask(sluice);
    expect(failure?.status).toBe(expectedStatus);
    expect(failure?.error).toMatchObject({ type: "error", error: { type: expectedType } });
    expect(failure?.requestID).toMatch(/^req_/);
    await sluice.quiet();
  });

  test("not logged in: a sentence that says what to do, and no retry", async () => {
    await using sluice = await startSluice({ env: { ANTHROPIC_API_KEY: undefined } });
    const failure = await ask(sluice);
    expect(failure?.status).toBe(401);
    expect(failure?.message).toContain("run `claude auth login`");
    expect(failure?.headers?.get("x-should-retry")).toBe("false");
    expect(sluice.mock.requests).toHaveLength(0);
  });

  test("a model that is none is refused with the names that exist, before a process is asked", async () => {
    await using sluice = await startSluice();
    for (const model of ["gpt-5", "openai/gpt-4o", "claude", "../etc", "x".repeat(5000)]) {
      const reply = await sluice.post("/v1/chat/completions", { model, messages: [hello] });
      expect(reply.status).toBe(404);
      const { error } = (await reply.json()) as { error: { code: string; param: string; message: string } };
      expect(error).toMatchObject({ code: "model_not_found", param: "model" });
      expect(error.message).toContain("sonnet");
      expect(error.message.length).toBeLessThan(1000);
    }
    expect(sluice.mock.requests).toHaveLength(0);
  });

  test("an error in the middle of the stream ends it in the dialect's shape", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => midStreamError("overloaded_error", "Overloaded"));
    const request = { model: "sonnet", max_tokens: 10, messages: [hello] };
    const pieces: string[] = [];
    const stream = sluice.anthropic.messages.stream(request).on("text", (piece) => pieces.push(piece));
    await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIError);
    expect(pieces.join("")).not.toBe("");

    const chat = sluice.openai.chat.completions.stream({ model: "sonnet", messages: [hello] });
    await expect(chat.finalChatCompletion()).rejects.toThrow(OpenAI.APIError);
    await sluice.quiet();
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("a connection cut in the middle is an error, never a text that comes twice", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => cut(5, { of: text("one two three four five six", { chunks: 6 }) }));
    const reply = await sluice.post("/v1/messages", {
      model: "sonnet",
      max_tokens: 10,
      stream: true,
      messages: [hello],
    });
    const body = await reply.text();
    expect(body.match(/event: message_start/g)).toHaveLength(1);
    expect(body).toContain("event: error");
    expect(body).not.toContain("message_stop");
    await sluice.quiet();
  });

  const thought = { type: "thinking" as const, thinking: "hm", signature: "c2ln" };
  test.each([
    ["in its thinking", midStreamError("overloaded_error", "Overloaded", { of: blocks([thought]) })],
    ["behind a block", midStreamError("overloaded_error", "Overloaded", { of: text("One."), afterEvents: 6 })],
    ["by a cut", cut(5, { of: text("one two three four", { chunks: 4 }) })],
  ])("an answer that breaks %s is not waited for a second time", async (_, reply) => {
    await using sluice = await startSluice();
    // On a busy machine the CLI may ask once more before its end; nobody hears the answer.
    sluice.mock.respond(async (_, __, n) => {
      if (n > 1) await Bun.sleep(3000);
      return reply;
    });
    const failure = await ask(sluice);
    expect(failure?.status).toBe(502);
    await sluice.quiet();
    for (const again of sluice.mock.requests.slice(1)) {
      await again.closed;
      expect(again.aborted).toBe(true);
    }
  });

  test("a stream that breaks before its first block is tried again unseen", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond((_, __, n) => (n === 1 ? cut(1) : text("second try")));
    const message = await sluice.anthropic.messages.create({ model: "sonnet", max_tokens: 10, messages: [hello] });
    expect<unknown>(message.content).toEqual([{ type: "text", text: "second try" }]);
    expect(sluice.mock.requests).toHaveLength(2);
  });

  test("a block of a kind that no client knows is left out", async () => {
    await using sluice = await startSluice();
    const [start, ...rest] = eventsOf(messageOf(text("known"), "msg_1", "claude-sonnet-5-5"), 1);
    const known = rest.map((event) => ("index" in event ? { ...event, index: 1 } : event));
    sluice.mock.respond(() =>
      events([
        start as StreamEvent,
        { type: "content_block_start", index: 0, content_block: { type: "hologram", data: "x" } },
        { type: "content_block_delta", index: 0, delta: { type: "hologram_delta", data: "y" } },
        { type: "content_block_stop", index: 0 },
        ...known,
      ]),
    );
    const message = await sluice.anthropic.messages
      .stream({ model: "sonnet", max_tokens: 10, messages: [hello] })
      .finalMessage();
    expect(message.content.map((block) => block.type === "text" && block.text)).toEqual(["known"]);
  });
});

describe("models", () => {
  test("both shapes, from the CLI's own list", async () => {
    await using sluice = await startSluice();
    const ids = [];
    for await (const model of sluice.anthropic.models.list({ limit: 3 })) ids.push(model.id);
    expect(ids).toContain("sonnet");
    expect(ids).toContain("claude-sonnet-5-5");
    expect(new Set(ids).size).toBe(ids.length);
    const openai = await sluice.openai.models.list();
    expect(openai.data.map((model) => model.id)).toEqual(ids);
    expect((await sluice.openai.models.retrieve("anthropic/claude-sonnet-4.5")).id).toBe("anthropic/claude-sonnet-4.5");
    expect((await sluice.anthropic.models.retrieve("haiku")).display_name).toBe("Haiku");
    await expect(Promise.resolve(sluice.openai.models.retrieve("gpt-5"))).rejects.toThrow("There is no model");
    await sluice.quiet();
    expect(sluice.mock.requests).toHaveLength(0);
  });
});
