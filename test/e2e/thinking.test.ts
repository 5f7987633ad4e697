/** Thinking that clients replay, or have lost, in front of an upstream that is as strict as the API. */

import { describe, expect, test } from "bun:test";
import { error, type Handler, type RequestBody, text } from "../support/mock-anthropic.ts";
import { conversationIn, type SeenMessage } from "../support/seen.ts";
import { startSluice } from "../support/sluice.ts";

const user = { role: "user", content: "Weather?" };
const call = { type: "tool_use", id: "toolu_1", name: "look", input: {} };
const results = [{ type: "tool_result", tool_use_id: "toolu_1", content: "Rain." }];
const foreign = { type: "thinking", thinking: "hm", signature: "Zm9yZWlnbg==" };
const tool = { name: "look", input_schema: { type: "object" } };

const isThought = ({ type }: { type: string }) => type === "thinking" || type === "redacted_thinking";

/** The last answer, if the user's results of its calls are all that follows. */
function openLoop(messages: SeenMessage[]): SeenMessage | undefined {
  const [answer, last] = messages.slice(-2);
  return last?.content.some(({ type }) => type === "tool_result") ? answer : undefined;
}

/** The words of the API for thinking that it has not signed, and for thinking that it misses. */
function faultOf(body: RequestBody): string | undefined {
  const messages = conversationIn(body);
  for (const [index, { content }] of messages.entries()) {
    const at = content.findIndex((block) => block["signature"] === foreign.signature || block["data"] === "foreign");
    if (at >= 0) return `messages.${index}.content.${at}: Invalid \`signature\` in \`thinking\` block`;
  }
  const answer = openLoop(messages);
  const { type } = (body["thinking"] ?? {}) as { type?: string };
  if (type !== "enabled" || answer === undefined || isThought(answer.content[0] ?? { type: "" })) return undefined;
  return (
    `messages.${messages.indexOf(answer)}.content.0.type: Expected \`thinking\` or \`redacted_thinking\`, but found ` +
    "`tool_use`. When `thinking` is enabled, a final `assistant` message must start with a thinking block."
  );
}

const strict: Handler = (body) => {
  const fault = faultOf(body);
  return fault === undefined ? text("Take an umbrella.") : error(400, "invalid_request_error", fault);
};

describe("thinking that another has signed is left out", () => {
  const loop = (thought: object) => [
    user,
    { role: "assistant", content: [thought, call] },
    { role: "user", content: results },
  ];

  test.each([
    ["thinking", "sonnet", { type: "adaptive" }, foreign],
    ["redacted thinking", "sonnet", { type: "adaptive" }, { type: "redacted_thinking", data: "foreign" }],
    [
      "thinking that a model with budgets insists on",
      "claude-haiku-4-5",
      { type: "enabled", budget_tokens: 1024 },
      foreign,
    ],
  ])("%s", async (_, model, thinking, thought) => {
    await using sluice = await startSluice();
    sluice.mock.respond(strict);
    const body = { model, max_tokens: 4000, tools: [tool], thinking, messages: loop(thought) };
    const reply = await sluice.post("/v1/messages", body);
    expect([reply.status, await reply.json()]).toMatchObject([200, { content: [{ text: "Take an umbrella." }] }]);
    const seen = sluice.mock.requests.at(-1)?.body;
    expect(
      conversationIn(seen)
        .flatMap(({ content }) => content)
        .filter(isThought),
    ).toEqual([]);
    expect(openLoop(conversationIn(seen))?.content).toMatchObject([call]);
    await sluice.quiet();
  });
});

describe("thinking that is missing is not insisted on", () => {
  const warning = "thinking ignored: the thinking behind the last calls is missing";

  test("Messages", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(strict);
    const reply = await sluice.post("/v1/messages", {
      model: "claude-haiku-4-5",
      max_tokens: 4000,
      tools: [tool],
      thinking: { type: "enabled", budget_tokens: 1024 },
      messages: [user, { role: "assistant", content: [call] }, { role: "user", content: results }],
    });
    expect([reply.status, reply.headers.get("x-sluice-warning")]).toEqual([200, warning]);
    expect(sluice.mock.requests.at(-1)?.body["thinking"]).toEqual({ type: "disabled" });
  });

  test("Chat Completions, which has no place for it", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(strict);
    const reply = await sluice.post("/v1/chat/completions", {
      model: "claude-haiku-4-5",
      reasoning_effort: "high",
      tools: [{ type: "function", function: { name: "look" } }],
      messages: [
        user,
        {
          role: "assistant",
          reasoning_content: "hm",
          tool_calls: [{ id: "call_1", type: "function", function: { name: "look", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "call_1", content: "Rain." },
      ],
    });
    expect(await reply.json()).toMatchObject({ choices: [{ message: { content: "Take an umbrella." } }] });
    expect(reply.headers.get("x-sluice-warning")).toContain(warning);
  });

  test("Responses, with a summary and nothing sealed", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(strict);
    const reply = await sluice.post("/v1/responses", {
      model: "claude-haiku-4-5",
      reasoning: { effort: "high" },
      tools: [{ type: "function", name: "look" }],
      input: [
        user,
        { type: "reasoning", summary: [{ type: "summary_text", text: "hm" }] },
        { type: "function_call", call_id: "call_1", name: "look", arguments: "{}" },
        { type: "function_call_output", call_id: "call_1", output: "Rain." },
      ],
    });
    expect(await reply.json()).toMatchObject({ status: "completed" });
    expect(reply.headers.get("x-sluice-warning")).toContain(warning);
  });

  test("another refusal is passed on as it is", async () => {
    await using sluice = await startSluice();
    sluice.mock.respond(() => error(400, "invalid_request_error", "messages: thinking is hard"));
    const body = { model: "claude-haiku-4-5", max_tokens: 4000, thinking: { type: "enabled", budget_tokens: 1024 } };
    const reply = await sluice.post("/v1/messages", { ...body, messages: [user] });
    expect([reply.status, await reply.text()]).toEqual([400, expect.stringContaining("thinking is hard")]);
  });
});
