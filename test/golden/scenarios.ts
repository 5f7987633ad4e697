/** Every scenario: what is asked, and what the model answers to it. Each has a folder of its name beside this file. */

import { cliName } from "../../src/engine/claude/names.ts";
import type { MessageEvent, StopReason } from "../../src/messages/types.ts";
import { answer, opening, refused, text, thinking, toolUse } from "../dialect/answers.ts";
import { cut, error, events, type Reply, text as words, toolUse as calling } from "../support/mock-replies.ts";
import type { Asked } from "./requests.ts";

export interface Scenario {
  asked?: Asked;
  /** What the model answers, request by request. */
  model: readonly Reply[];
  /** Changes of the environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>;
  args?: readonly string[];
  /** It ends in the middle of a call, which a stream has told of and a whole answer leaves out. */
  cutCall?: true;
}

type Block = Parameters<typeof answer>[0][number];

/** One message of these blocks. */
const says = (blocks: Block[], stop: StopReason = "end_turn", details?: Parameters<typeof answer>[2]): Scenario => ({
  model: [events(answer(blocks, stop, details))],
});

/** An error in place of an answer. */
const refuses = (status: number, type: string, message: string, headers: Record<string, string> = {}): Scenario => ({
  model: [error(status, type, message, { "x-should-retry": "false", ...headers })],
});

/** An error in the middle of an answer: behind the first words, or behind `told`. */
const breaks = (type: string, message: string, told: MessageEvent[] = begun([text("Let me ")])): Scenario => ({
  model: [events([...told, { type: "error", error: { type, message } }])],
});

/** An answer up to where its last block would end. */
const begun = (blocks: Block[]): MessageEvent[] => answer(blocks, "end_turn").slice(0, -3);

const subscribed = { ANTHROPIC_API_KEY: undefined, CLAUDE_CODE_OAUTH_TOKEN: "sk-ant-oat01-dummy" };
const call = toolUse("toolu_01paris", "get_weather", "", '{"ci', 'ty":"Paris"}');
const tools = ["get_weather", "get_time"];
const answerSchema = {
  type: "object",
  properties: { city: { type: "string" }, degrees: { type: "number" } },
  required: ["city", "degrees"],
  additionalProperties: false,
};
const bash = (id: string, command: string) => ({ id, name: "Bash", input: { command, description: "Say it" } });
const family = "👩‍👩‍👧‍👦";

export const scenarios: Readonly<Record<string, Scenario>> = {
  "end-turn": says([text("Hello, ", "Ada.")]),
  "end-turn-empty": says([]),
  "end-turn-thought": { ...says([thinking("c2lnbmVk", "Let me think.")]), asked: { thinking: true } },
  "max-tokens": says([text("Once upon ", "a ti")], "max_tokens"),
  "max-tokens-in-call": {
    ...says([text("Let me see."), toolUse("toolu_01cut", "get_weather", "", '{"city":"Pa')], "max_tokens"),
    asked: { tools },
    cutCall: true,
  },
  "stop-sequence": {
    ...says([text("One, two, ")], "stop_sequence", { stop_sequence: "three" }),
    asked: { stop: ["three"] },
  },
  "stop-sequence-missed": { ...says([text("One, two, th", "ree, four.")]), asked: { stop: ["three"] } },
  "tool-use": { ...says([call], "tool_use"), asked: { tools } },
  refusal: says([], "refusal", { stop_details: refused }),
  "refusal-in-text": says([text("Well, ")], "refusal", { stop_details: refused }),
  "refusal-unexplained": says([], "refusal"),
  "pause-turn": says([text("I am searching.")], "pause_turn"),
  "context-window": says([text("So much was sa")], "model_context_window_exceeded"),

  thinking: { ...says([thinking("c2lnbmVk", "Let me ", "think."), text("Yes.")]), asked: { thinking: true } },
  "thinking-omitted": { ...says([thinking("c2lnbmVk"), text("Yes.")]), asked: { thinking: true } },
  "thinking-redacted": {
    ...says([[{ type: "redacted_thinking", data: "b3BhcXVl" }], text("Yes.")]),
    asked: { thinking: true },
  },
  "thinking-interleaved": {
    ...says([thinking("Zmlyc3Q=", "First."), text("Let me see."), thinking("c2Vjb25k", "Then."), call], "tool_use"),
    asked: { thinking: true, tools },
  },
  "thinking-cut": { ...says([thinking("c2lnbmVk", "Let me thi")], "max_tokens"), asked: { thinking: true } },

  "text-blocks": says([text("One."), text(" Two."), text(), text(" Four.")]),
  citations: says([
    [
      { type: "text", text: "" },
      { type: "text_delta", text: "The grass is green." },
      {
        type: "citations_delta",
        citation: {
          type: "char_location",
          cited_text: "The grass is green.",
          document_index: 0,
          document_title: "Colours",
          file_id: null,
          start_char_index: 0,
          end_char_index: 19,
        },
      },
    ],
  ]),

  "tools-parallel": {
    ...says([call, toolUse("toolu_01time", "get_time", '{"city":', '"\\"Łódź\\""}')], "tool_use"),
    asked: { tools },
  },
  "tools-parallel-refused": {
    ...says([text("Both: "), call, toolUse("toolu_01time", "get_time", "{}")], "tool_use"),
    asked: { tools, oneCall: true },
  },
  "tool-without-arguments": { ...says([toolUse("toolu_01now", "get_time", "")], "tool_use"), asked: { tools } },
  "tool-after-text": { ...says([text("Let me ", "see."), call], "tool_use"), asked: { tools } },
  "tool-between-texts": { ...says([text("Before."), call, text("After.")], "tool_use"), asked: { tools } },
  "tool-renamed": {
    ...says(
      [
        toolUse("toolu_01bash", cliName("Bash"), '{"city":"Paris"}'),
        toolUse("toolu_01weather", cliName("get the weather!"), "{}"),
      ],
      "tool_use",
    ),
    asked: { tools: ["Bash", "get the weather!"] },
  },
  "tool-numbers": {
    ...says(
      [toolUse("toolu_01num", "get_weather", '{"id": 1234567890', '1234567890, "list": [1.0, 1e400]}')],
      "tool_use",
    ),
    asked: { tools },
  },
  "tool-as-function": { ...says([text("Let me see."), call], "tool_use"), asked: { tools, functions: true } },

  usage: {
    model: [
      events(
        answer([text("Hi.")], "end_turn").map((event) =>
          event.type !== "message_start"
            ? event
            : {
                ...event,
                message: {
                  ...event.message,
                  usage: {
                    ...event.message.usage,
                    cache_creation: { ephemeral_5m_input_tokens: 60, ephemeral_1h_input_tokens: 40 },
                    output_tokens_details: { thinking_tokens: 2 },
                    service_tier: "priority",
                    inference_geo: "eu",
                  },
                },
              },
        ),
      ),
    ],
  },

  "utf-8-planes": {
    ...says(
      [
        thinking("c2ln", "Grüße, мир, 世界 — 𝔘𝔫𝔦 𓀀 "),
        text(
          "ASCII, é é, ",
          "日本語 𠮷野, ",
          `${family} 🏳️‍🌈 🇪🇺, `,
          "שלום ‏مرحبا‎, ",
          "\u2028\u2029\u0000\u001b\ufeff\uffff\u{10ffff}",
        ),
        toolUse("toolu_01utf", "get_weather", '{"city":"', "Санкт-Петербург 🌧️", '"}'),
      ],
      "tool_use",
    ),
    asked: { thinking: true, tools },
  },
  "utf-8-split-graphemes": says([text(...family, "e", "\u0301", "🏳", "\ufe0f", "\u200d", "🌈", "🇪", "🇺")]),
  "utf-8-split-characters": says([text("a\ud83d", "\ude00b", "c\ud83d"), text("\ude00d")]),
  "utf-8-lone-surrogates": {
    ...says(
      [
        thinking("c2ln", "x\ud83d", " y"),
        text("a\ud83d", " b", "\ude00", "\ud83d\ud83d", "\ude00"),
        toolUse("toolu_01lone", "get_weather", '{"city":"\\ud83d"}'),
      ],
      "tool_use",
    ),
    asked: { thinking: true, tools },
  },

  agent: {
    asked: { agent: true },
    args: ["--agent", "--allowed-tools", "Bash", "--show-tools"],
    model: [
      calling([bash("toolu_01echo", "echo hi")], { text: "I'll say it." }),
      calling([bash("toolu_01no", "exit 3")]),
      words("It said hi.", { usage: { input_tokens: 20, output_tokens: 9 } }),
    ],
  },
  "agent-denied": {
    asked: { agent: true },
    args: ["--agent"],
    model: [calling([bash("toolu_01touch", "touch file")], { text: "I'll make a file." }), words("I may not.")],
  },
  "agent-out-of-turns": {
    asked: { agent: true },
    args: ["--agent", "--allowed-tools", "Bash", "--max-turns", "1"],
    model: [calling([bash("toolu_01echo", "echo hi")], { text: "I'll say it." })],
  },
  "agent-client-tool": {
    asked: { agent: true, tools },
    args: ["--agent", "--allowed-tools", "Bash"],
    model: [
      calling([bash("toolu_01echo", "echo hi")], { text: "First I'll say it." }),
      calling([{ id: "toolu_01paris", name: "get_weather", input: { city: "Paris" } }], { text: "Now the weather." }),
    ],
  },

  "json-schema": {
    ...says([text("```js", 'on\n{"city":"Par', 'is","degrees":21}', "\n``", "`")]),
    asked: { schema: answerSchema },
  },
  "json-schema-missed": { ...says([text('{"city":"Paris"', "}")]), asked: { schema: answerSchema } },
  "json-schema-cut": { ...says([text('{"city":"Par')], "max_tokens"), asked: { schema: answerSchema } },

  "block-unknown": {
    model: [
      events([
        ...opening(),
        { type: "content_block_start", index: 0, content_block: { type: "hologram", data: "x" } },
        { type: "content_block_delta", index: 0, delta: { type: "hologram_delta", data: "y" } },
        { type: "content_block_stop", index: 0 },
        ...answer([text(), text("Seen.")], "end_turn").slice(4),
      ]),
    ],
  },
  retried: { model: [cut(1), words("The second try.")] },

  "refused-invalid-request": refuses(400, "invalid_request_error", "messages: this is not right"),
  "refused-prompt-too-long": refuses(
    400,
    "invalid_request_error",
    "prompt is too long: 210000 tokens > 200000 maximum",
  ),
  "refused-authentication": refuses(401, "authentication_error", "invalid x-api-key"),
  "refused-logged-out": { env: { ANTHROPIC_API_KEY: undefined }, model: [] },
  "refused-billing": refuses(402, "billing_error", "Your payment failed."),
  "refused-credit": refuses(400, "invalid_request_error", "Your credit balance is too low to access the API."),
  "refused-permission": refuses(403, "permission_error", "This key may not."),
  "refused-model": refuses(404, "not_found_error", "model: claude-sonnet-5-5"),
  "refused-conflict": refuses(409, "conflict_error", "Something else happened first."),
  "refused-too-large": refuses(413, "request_too_large", "Request exceeds the maximum size"),
  "refused-rate-limit": refuses(429, "rate_limit_error", "Too many tokens a minute."),
  "refused-usage-limit": {
    env: subscribed,
    ...refuses(429, "rate_limit_error", "This request would exceed your account's rate limit.", {
      "anthropic-ratelimit-unified-status": "rejected",
      "anthropic-ratelimit-unified-reset": "1795222541",
      "anthropic-ratelimit-unified-representative-claim": "five_hour",
    }),
  },
  "refused-internal": refuses(500, "api_error", "Internal server error"),
  "refused-timeout": refuses(504, "timeout_error", "It took too long."),
  "refused-overloaded": refuses(529, "overloaded_error", "Overloaded"),

  "broken-invalid-request": breaks("invalid_request_error", "Output blocked."),
  "broken-authentication": breaks("authentication_error", "The key was revoked."),
  "broken-billing": breaks("billing_error", "Your credit is used up."),
  "broken-permission": breaks("permission_error", "This key may not any more."),
  "broken-not-found": breaks("not_found_error", "The model is gone."),
  "broken-too-large": breaks("request_too_large", "It grew too large."),
  "broken-rate-limit": breaks("rate_limit_error", "Too many tokens a minute."),
  "broken-internal": breaks("api_error", "Internal server error"),
  "broken-timeout": breaks("timeout_error", "It took too long."),
  "broken-overloaded": breaks("overloaded_error", "Overloaded"),
  "broken-in-thinking": {
    ...breaks("overloaded_error", "Overloaded", begun([thinking("c2ln", "Let me ")]).slice(0, -1)),
    asked: { thinking: true },
  },
  "broken-in-call": {
    ...breaks("overloaded_error", "Overloaded", begun([text("So: "), toolUse("toolu_01half", "get_weather", '{"ci')])),
    asked: { tools },
  },
  "broken-between-blocks": breaks("overloaded_error", "Overloaded", answer([text("One.")], "end_turn").slice(0, -2)),
  "broken-connection": { model: [cut(5, { of: words("one two three four", { chunks: 4 }) })] },
  "broken-agent": {
    asked: { agent: true },
    args: ["--agent", "--allowed-tools", "Bash"],
    model: [
      calling([bash("toolu_01echo", "echo hi")], { text: "I'll say it." }),
      error(403, "permission_error", "No."),
    ],
  },
};
