/** Whatever a client sends, the server answers in the path's dialect, with no bug of ours, and lives. */

import { expect } from "bun:test";
import fc from "fast-check";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/log.ts";
import { startServer } from "../../src/server.ts";
import { expectTypes } from "../dialect/types.ts";
import { type Answer, read } from "../golden/answers.ts";
import type { DialectName } from "../golden/requests.ts";
import { bugsIn } from "../support/bugs.ts";
import { cleanEnvironment, temporaryFolder } from "../support/environment.ts";
import { junk } from "./mutate.ts";
import { anthropicBody, type Body, chatBody, responsesBody } from "./requests.ts";
import { expectAnswer, expectEnvelope, messagesIn } from "./valid.ts";

interface Case {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: Body | undefined;
  /** Looks at what a 200 holds. */
  check(answer: Answer): unknown;
}

/** Text that may stand in a path, a query or a header. */
const word = fc.oneof(
  fc.constantFrom(
    "0",
    "1",
    "-1",
    "1e400",
    "true",
    "asc",
    "",
    "%",
    "%00",
    "%ff",
    "..",
    "__proto__",
    "constructor",
    "a b",
  ),
  fc.constantFrom("echo", "agent/echo", "resp_1", "reasoning.encrypted_content", "2023-06-01", "2026-10-21"),
  fc.string({ unit: "grapheme-ascii" }),
  junk.map((value) => JSON.stringify(value)?.slice(0, 200) ?? ""),
);
const header = word.map((text) => text.replaceAll(/[^\x20-\x7e]/g, "").trim() || "x");
// Not empty and not dots, which would be another path.
const segment = word.map((text) =>
  (text.startsWith("%") ? text : encodeURIComponent(text.toWellFormed())).replace(/^\.*$/, "x"),
);

const query = fc
  .dictionary(
    fc.constantFrom(
      "stream",
      "starting_after",
      "include",
      "include[]",
      "limit",
      "order",
      "after",
      "after_id",
      "before_id",
      "beta",
    ),
    word.map((text) => text.toWellFormed()),
    { maxKeys: 3 },
  )
  .map((pairs) => `?${new URLSearchParams(pairs)}`);

const headers = fc.record(
  { "anthropic-version": header, "anthropic-beta": header, accept: header, "x-api-key": header, "user-agent": header },
  { requiredKeys: [] },
);

const answered = (dialect: DialectName) => (answer: Answer) => expectAnswer(dialect, answer);
const holding =
  (field: string, type: "string" | "number" | "array") =>
  ({ body }: Answer) =>
    expectTypes(JSON.parse(`${body}`) as object, { [field]: type });
/** A replay may begin anywhere. */
const replayed = async (answer: Answer) =>
  answer.headers["content-type"]?.startsWith("text/event-stream")
    ? await messagesIn(answer.body)
    : await expectAnswer("responses", answer);

const post = (path: string, body: fc.Arbitrary<Body>, check: Case["check"]): fc.Arbitrary<Case> =>
  fc.record({
    method: fc.constant("POST"),
    path: query.map((text) => path + text),
    headers,
    body,
    check: fc.constant(check),
  });

const bare = (method: string, path: fc.Arbitrary<string>, check: Case["check"]): fc.Arbitrary<Case> =>
  fc.record({ method: fc.constant(method), path, headers, body: fc.constant(undefined), check: fc.constant(check) });

/** In the place of the id of a response that is stored. */
const storedId = "resp_stored";
const id = fc.oneof(segment, fc.constant(storedId));
const under = (folder: string, name: fc.Arbitrary<string>, rest = "") =>
  fc.tuple(name, query).map(([name, text]) => `${folder}/${name}${rest}${text}`);

/** Any request: mostly of the endpoints that take a body. */
export const request: fc.Arbitrary<Case> = fc.oneof(
  { weight: 8, arbitrary: post("/v1/messages", anthropicBody, answered("anthropic")) },
  { weight: 8, arbitrary: post("/v1/chat/completions", chatBody, answered("chat")) },
  { weight: 8, arbitrary: post("/v1/responses", responsesBody, answered("responses")) },
  { weight: 2, arbitrary: post("/v1/messages/count_tokens", anthropicBody, holding("input_tokens", "number")) },
  { weight: 2, arbitrary: post("/v1/responses/input_tokens", responsesBody, holding("input_tokens", "number")) },
  { weight: 2, arbitrary: post("/v1/responses/compact", responsesBody, holding("output", "array")) },
  bare("GET", under("/v1/responses", id), replayed),
  bare("GET", under("/v1/responses", id, "/input_items"), holding("data", "array")),
  bare("POST", under("/v1/responses", id, "/cancel"), holding("id", "string")),
  bare("DELETE", under("/v1/responses", segment), holding("id", "string")),
  bare(
    "GET",
    query.map((text) => `/v1/models${text}`),
    holding("data", "array"),
  ),
  bare("GET", under("/v1/models", segment), holding("id", "string")),
);

/** Starts a server with the engine that answers at once. */
export async function startFuzzed(): Promise<AsyncDisposable & { expectAnswer(one: Case): Promise<void> }> {
  const folder = await temporaryFolder();
  const env = cleanEnvironment({ home: folder.path, baseUrl: "http://127.0.0.1:9" });
  const { config } = loadConfig(["--port", "0", "--max-body", "512kb"], { mode: "echo", env });
  const bugs: string[] = [];
  const log = createLog("debug", (line) => void bugs.push(...bugsIn(line)));
  // Nothing would be found in a log that is written otherwise by now.
  log.error("a request", { error: "bug" });
  expect(bugs.splice(0)).toHaveLength(1);
  const server = await startServer(config, log);
  const ask = async (path: string, init: RequestInit) => read(await fetch(server.url + path, init));
  const json = { "content-type": "application/json" };
  const first = await ask("/v1/responses", { method: "POST", headers: json, body: '{"model":"echo","input":"Hi"}' });
  const { id } = JSON.parse(`${first.body}`) as { id: string };

  return {
    async expectAnswer({ method, path, headers, body, check }) {
      const init = { method, headers: { ...headers, ...(body && json) }, ...(body && { body }) };
      const answer = await ask(path.replace(storedId, id), init);
      expect(bugs.splice(0)).toEqual([]);
      expect(answer.headers["request-id"]).toStartWith("req_");
      if (answer.status === 200) await check(answer);
      else expectEnvelope(envelopeOf(path, headers), answer);
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Whose errors a path answers with: both OpenAI APIs have the same. */
function envelopeOf(path: string, headers: Record<string, string>): DialectName {
  const { pathname } = new URL(path, "http://sluice");
  if (/^\/v1\/(chat|responses)\//.test(`${pathname}/`)) return "chat";
  return pathname.startsWith("/v1/messages") || "anthropic-version" in headers ? "anthropic" : "chat";
}
