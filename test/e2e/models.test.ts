/** The models of both APIs, what their versions differ in, and the headers of every answer; through the real CLI. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { failureOf } from "../support/failure.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const hello = [{ role: "user" as const, content: "Hello" }];
const plain = { model: "sonnet", max_tokens: 10, messages: hello };

let sluice: TestSluice;
beforeAll(async () => {
  sluice = await startSluice({ args: ["--agent"] });
});
afterAll(async () => {
  await sluice[Symbol.asyncDispose]();
});

const get = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(sluice.url + path, { headers });

describe("models", () => {
  test("both SDKs list the same ones: full ids, aliases, and each as an agent", async () => {
    const ofAnthropic = (await Array.fromAsync(sluice.anthropic.models.list({ limit: 1000 }))).map(({ id }) => id);
    const ofOpenai = (await Array.fromAsync(sluice.openai.models.list())).map(({ id }) => id);
    expect(ofAnthropic).toEqual(ofOpenai);
    const plainOnes = ofAnthropic.filter((id) => !id.startsWith("agent/"));
    expect(plainOnes).toContainValues(["claude-sonnet-5-5", "sonnet", "opus", "haiku", "default"]);
    expect(ofAnthropic).toEqual([...plainOnes, ...plainOnes.map((id) => `agent/${id}`)]);
    expect(new Set(ofAnthropic).size).toBe(ofAnthropic.length);
  });

  test("the Anthropic SDK goes through pages of any size, forwards and backwards", async () => {
    const { data: all } = await sluice.anthropic.models.list({ limit: 1000 });
    for (const limit of [1, 3, 20]) {
      expect(await Array.fromAsync(sluice.anthropic.models.list({ limit }))).toEqual(all);
      const last = all.at(-1)?.id ?? "";
      let page = await sluice.anthropic.models.list({ limit, before_id: last });
      const pages = [page.data];
      for (; page.hasNextPage(); pages.unshift(page.data)) page = await page.getNextPage();
      expect(pages.flat()).toEqual(all.slice(0, -1));
    }
  });

  test("each can be retrieved, under any name that a request may use", async () => {
    const names = (await Array.fromAsync(sluice.openai.models.list())).map(({ id }) => id);
    for (const id of [...names, "claude-sonnet-4.5", "anthropic/claude-opus-4-6", "agent/claude-haiku-4-5"]) {
      const model = await sluice.anthropic.models.retrieve(id);
      expect(model).toMatchObject({ id, type: "model", lifecycle: "active", capabilities: null, max_tokens: null });
      expect(new Date(model.created_at).toJSON()).toBe(model.created_at);
      expect(await sluice.openai.models.retrieve(id)).toMatchObject({ id, object: "model", owned_by: "anthropic" });
    }
    expect(await sluice.anthropic.models.retrieve("claude-sonnet-5-5")).toMatchObject({ line: "sonnet" });
    expect(await sluice.anthropic.models.retrieve("agent/opus")).toMatchObject({
      line: "opus",
      display_name: "Opus (agent)",
    });
  });

  test("what is none is not found, and a page of what is none is refused", async () => {
    expect(await failureOf(sluice.anthropic.models.retrieve("gpt-5"))).toBeInstanceOf(Anthropic.NotFoundError);
    const notFound = await failureOf(sluice.openai.models.retrieve("gpt-5"));
    expect(notFound).toBeInstanceOf(OpenAI.NotFoundError);
    expect(notFound).toMatchObject({ code: "model_not_found" });
    for (const query of [{ after_id: "gpt-5" }, { limit: 0 }, { limit: 1001 }, { after_id: "opus", before_id: "opus" }])
      expect(await failureOf(sluice.anthropic.models.list(query))).toBeInstanceOf(Anthropic.BadRequestError);
  });

  test("none is retired", async () => {
    expect((await sluice.anthropic.models.list({ lifecycle: ["retired", "deprecated"] })).data).toEqual([]);
    const active = await sluice.anthropic.models.list({ lifecycle: ["active", "retired"] });
    expect(active.data.length).toBeGreaterThan(0);
  });

  test("agents are offered only where they are allowed", async () => {
    await using careful = await startSluice();
    const ids = (await Array.fromAsync(careful.openai.models.list())).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith("agent/"))).toEqual([]);
    expect(await failureOf(careful.anthropic.models.retrieve("agent/opus"))).toBeInstanceOf(Anthropic.NotFoundError);
  });
});

describe("versions of the Messages API", () => {
  const older = { "anthropic-version": "2023-06-01" };

  test("the SDK's own has no sampling parameters, the one before it has", async () => {
    // The SDK's types know them no more.
    const asked = { ...plain, temperature: 0.5, top_k: 3 };
    const refused = await failureOf(sluice.anthropic.messages.create(asked));
    expect(refused).toBeInstanceOf(Anthropic.BadRequestError);
    expect((refused as Error).message).toContain("temperature: Extra inputs are not permitted in version 2026-10-21");
    await sluice.anthropic.messages.create(asked, { headers: older });
    expect(sluice.mock.requests.at(-1)?.body).toMatchObject({ temperature: 0.5, top_k: 3 });
  });

  test("any other, and none, is taken as the one before", async () => {
    for (const headers of [{}, { "anthropic-version": "2031-01-01" }, { "anthropic-version": "" }] as Record<
      string,
      string
    >[]) {
      const reply = await sluice.post("/v1/messages", { ...plain, temperature: 0.5 }, { headers });
      expect(reply.status).toBe(200);
      expect(sluice.mock.requests.at(-1)?.body).toMatchObject({ temperature: 0.5 });
    }
  });

  test("a thread is refused so that the SDK goes on without it; betas of any name are tolerated", async () => {
    const betas = { "anthropic-beta": "message-threads-2026-08-12, made-up-2030-01-01,, nonsense!" };
    const reply = await sluice.post(
      "/v1/messages?beta=true",
      { ...plain, thread: { type: "create" } },
      { headers: betas },
    );
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      error: { type: "invalid_request_error", details: { error_code: "thread_unsupported_request" } },
    });
    expect((await sluice.post("/v1/messages?beta=true", plain, { headers: betas })).status).toBe(200);
  });
});

describe("every answer says which it is", () => {
  const version = { "anthropic-version": "2023-06-01" };
  const bad = { model: "gpt-5", messages: hello, max_tokens: 10, input: "Hello" };

  test.each([
    ["a message", () => sluice.post("/v1/messages", plain)],
    ["a stream", () => sluice.post("/v1/messages", { ...plain, stream: true })],
    ["an error", () => sluice.post("/v1/messages", bad)],
    ["a body that is none", () => sluice.post("/v1/messages", "{")],
    ["models", () => get("/v1/models", version)],
    ["nothing", () => get("/v1/nothing", version)],
  ])("to Anthropic's clients: %s", async (_, ask) => {
    const { headers, status, ...reply } = await read(await ask());
    expect(headers.get("request-id")).toMatch(/^req_\w{24}$/);
    expect(headers.get("x-request-id")).toBe(headers.get("request-id"));
    expect(headers.get("openai-version")).toBeNull();
    if (status >= 400)
      expect(JSON.parse(reply.body)).toMatchObject({ type: "error", request_id: headers.get("request-id") });
  });

  test.each([
    ["a completion", () => sluice.post("/v1/chat/completions", plain)],
    ["an error", () => sluice.post("/v1/chat/completions", bad)],
    ["a response", () => sluice.post("/v1/responses", { model: "sonnet", input: "Hello", stream: true })],
    ["a response that is none", () => get("/v1/responses/resp_none")],
    ["models", () => get("/v1/models")],
    ["nothing", () => get("/v1/nothing")],
  ])("to OpenAI's: %s", async (_, ask) => {
    const { headers } = await read(await ask());
    expect(headers.get("x-request-id")).toMatch(/^req_\w{24}$/);
    expect(headers.get("openai-version")).toBe("2020-10-01");
    expect(headers.get("openai-processing-ms")).toMatch(/^\d+$/);
  });

  async function read(reply: Response) {
    return { status: reply.status, headers: reply.headers, body: await reply.text() };
  }
});
