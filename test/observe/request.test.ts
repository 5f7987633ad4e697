/** What a request's record says of it, however it is asked and however it ends. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { clientOf, type RequestRecord, type RequestWatcher } from "../../src/observe/request.ts";
import { eventually } from "../support/environment.ts";
import { error, midStreamError, stall, text } from "../support/mock-anthropic.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const model = "claude-sonnet-5-5";
const usage = { input_tokens: 10, output_tokens: 7, cache_creation_input_tokens: 3, cache_read_input_tokens: 5 };
const hello = [{ role: "user", content: "THE-WORDS" }];

const apis = {
  messages: ["/v1/messages", { model, max_tokens: 50, messages: hello }],
  chat: ["/v1/chat/completions", { model, messages: hello }],
  responses: ["/v1/responses", { model, input: "THE-WORDS" }],
} as const;
const requests = (Object.keys(apis) as (keyof typeof apis)[]).flatMap((api) =>
  [false, true].map((stream) => ({ api, stream })),
);

describe.each([
  ["subprocess", "claude", ["spare", "live", "cold"] as string[]],
  ["native", "native", ["native"]],
])("%s", (mode, engine, ways) => {
  /** As they were when they began, and as they are. */
  const begun: RequestRecord[] = [];
  const records: RequestRecord[] = [];
  const ended: RequestRecord[] = [];
  const atEnd: RequestRecord[] = [];
  const watcher: RequestWatcher = {
    began: (record) => {
      begun.push({ ...record });
      records.push(record);
    },
    ended: (record) => {
      ended.push(record);
      atEnd.push({ ...record });
    },
  };
  let sluice: TestSluice;
  beforeAll(async () => {
    // What it throws changes nothing.
    const broken: RequestWatcher = {
      began: () => {
        throw new Error("BROKEN WATCHER");
      },
    };
    sluice = await startSluice({
      args: ["--mode", mode, "--spares", "1", "--log-level", "error"],
      watchers: [broken, watcher],
    });
  });
  afterAll(async () => {
    await sluice[Symbol.asyncDispose]();
    expect(ended).toEqual(atEnd);
  });
  const recordOf = (id: string | null) => eventually(() => ended.find((record) => record.id === id));

  test.each(requests)("$api, stream: $stream", async ({ api, stream }) => {
    sluice.mock.respond(() => text("fine"));
    const [path, body] = apis[api];
    const headers = { "user-agent": `Some/JS 1.2.${"9".repeat(9)}` };
    const before = Date.now();
    const reply = await sluice.post(path, { ...body, stream }, { headers });
    await reply.text();
    const id = reply.headers.get("x-request-id");
    const record = await recordOf(id);
    const asked = { id: String(id), at: expect.any(Number), client: "Some/JS", api, engine };
    expect(begun.find((one) => one.id === id)).toEqual(asked);
    expect(record.at).toBeWithin(before, Date.now() + 1);
    expect(record).toMatchObject({ ...asked, model, usage, status: 200, outcome: "ok" });
    expect(ways).toContain(record.way ?? "");
    expect(record.firstTextMs).toBeWithin(0, Number(record.ms));
    const read = mode === "subprocess" || api !== "messages";
    expect(record).toMatchObject(read ? { phase: "writing", written: 1 } : { passed: expect.any(Number) });
    expect(ended.filter((one) => one.id === id)).toHaveLength(1);
    expect(JSON.stringify(record)).not.toContain("THE-WORDS");
    expect(sluice.logged.join("")).toContain("BROKEN WATCHER");
  });

  test.each(requests)("$api, stream: $stream: refused by the upstream", async ({ api, stream }) => {
    sluice.mock.respond(() => error(403, "permission_error", "No."));
    const [path, body] = apis[api];
    const reply = await sluice.post(path, { ...body, stream });
    await reply.text();
    expect(await recordOf(reply.headers.get("x-request-id"))).toMatchObject({
      api,
      status: 403,
      outcome: "permission",
    });
  });

  test.each(requests)("$api, stream: $stream: refused by Sluice", async ({ api, stream }) => {
    const [path] = apis[api];
    const reply = await sluice.post(path, `{"stream":${stream}`, { headers: { "content-type": "text/plain" } });
    const record = await recordOf(reply.headers.get("x-request-id"));
    expect(record).toMatchObject({ api, status: 415, outcome: "invalid_request", ms: expect.any(Number) });
    expect([record.model, record.usage, record.firstTextMs]).toEqual([undefined, undefined, undefined]);
  });

  test.each(requests.filter(({ stream }) => stream))("$api: left in the middle", async ({ api }) => {
    sluice.mock.respond(() => stall(4));
    const [path, body] = apis[api];
    const client = new AbortController();
    const reply = await sluice.post(path, { ...body, stream: true }, { signal: client.signal });
    const id = reply.headers.get("x-request-id");
    await reply.body?.getReader().read();
    await eventually(() => records.some((record) => record.id === id && record.firstTextMs !== undefined));
    client.abort();
    const record = await recordOf(id);
    expect(record).toMatchObject({ api, model, status: 200, outcome: "canceled" });
    // What the answer began with.
    expect(record.usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 5 });
    expect(record.firstTextMs).toBeWithin(0, Number(record.ms));
  });

  test.each(requests.filter(({ stream }) => !stream))("$api: left before there was an answer", async ({ api }) => {
    sluice.mock.respond(() => stall(4));
    const [path, body] = apis[api];
    const client = new AbortController();
    const [asked, before] = [sluice.mock.requests.length, begun.length];
    const reply = sluice.post(path, body, { signal: client.signal }).catch(({ name }: Error) => name);
    await sluice.mock.waitFor(asked + 1);
    client.abort();
    expect(await reply).toBe("AbortError");
    const record = await recordOf(String(begun[before]?.id));
    expect(record).toMatchObject({ api, outcome: "canceled" });
  });

  test.each(requests.filter(({ stream }) => stream))("$api: broken off by the upstream", async ({ api }) => {
    sluice.mock.respond(() => midStreamError("overloaded_error", "Busy."));
    const [path, body] = apis[api];
    const reply = await sluice.post(path, { ...body, stream: true });
    await reply.text();
    const record = await recordOf(reply.headers.get("x-request-id"));
    expect(record).toMatchObject({ api, model, status: 200, outcome: "overloaded", usage: { input_tokens: 10 } });
  });

  test("a count, and what is none of these", async () => {
    const reply = await sluice.post("/v1/messages/count_tokens", { model, messages: hello });
    await reply.text();
    const record = await recordOf(reply.headers.get("x-request-id"));
    expect(record).toMatchObject({ api: "count", status: 200, outcome: "ok" });
    expect(record.usage).toBeUndefined();

    const all = begun.length;
    for (const path of ["/health", "/v1/models", "/v1/responses/resp_none", "/nowhere"]) await fetch(sluice.url + path);
    expect(begun).toHaveLength(all);
  });
});

test.each([
  ["claude-cli/2.1.329 (external, cli)", "claude-cli"],
  ["OpenAI/JS 7.55.0", "OpenAI/JS"],
  ["Anthropic/Python 0.70.0", "Anthropic/Python"],
  ["codex_cli_rs/0.46.0 (Debian 12; x86_64) WindowsTerminal", "codex_cli_rs"],
  ["ai-sdk/openai-compatible/1.0.2 runtime/bun/1.4", "ai-sdk/openai-compatible"],
  ["curl/8.5.0", "curl"],
  ["curl", "curl"],
  ["Mozilla/5.0 (X11)", "Mozilla"],
  ["x".repeat(5000), "x".repeat(64)],
  ['a"b{c}/v2', "abc"],
  ["", ""],
])("the client of %p", (agent, client) => {
  expect(clientOf(new Headers({ "user-agent": agent }))).toBe(client);
});
