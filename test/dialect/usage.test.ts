/** Usage, from what the upstream says through the CLI's lines to each dialect: nothing is lost, and totals add up. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Dialect, SseMessage } from "../../src/dialect/dialect.ts";
import { AgentTurn } from "../../src/engine/claude/agent-turn.ts";
import type { CliLine } from "../../src/engine/claude/lines.ts";
import { toolNames } from "../../src/engine/claude/names.ts";
import { Turn, type TurnReader } from "../../src/engine/claude/turn.ts";
import { collect } from "../../src/messages/collect.ts";
import type { MessageEvent, Usage } from "../../src/messages/types.ts";
import { streamOf } from "./answers.ts";
import { context } from "./refusal.ts";
import { withMemory } from "./responses/memory.ts";
import { sseOf } from "./serve.ts";

const counters = [
  "input_tokens",
  "output_tokens",
  "cache_creation_input_tokens",
  "cache_read_input_tokens",
] as const satisfies (keyof Usage)[];

/** Usage as an upstream may tell it: any part may be left out, or null, and some of it is newer than we are. */
type Told = { [field: string]: unknown } & { [K in (typeof counters)[number]]?: number | null };

const count = fc.nat({ max: 1_000_000 });
const perhaps = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const told: fc.Arbitrary<Told> = fc.record(
  {
    ...Object.fromEntries(counters.map((name) => [name, perhaps(count)])),
    cache_creation: perhaps(fc.record({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count })),
    output_tokens_details: perhaps(fc.record({ thinking_tokens: count })),
    server_tool_use: perhaps(fc.record({ web_search_requests: count, web_fetch_requests: count })),
    service_tier: perhaps(fc.constantFrom("standard", "priority")),
    counter_of_tomorrow: perhaps(count),
  },
  { requiredKeys: [] },
);
const usage = fc.option(told, { nil: undefined });

/** What a message cost: what is told later replaces what was told before. */
function costOf(...tellings: (Told | undefined)[]): Told {
  const zero = Object.fromEntries(counters.map((name) => [name, 0]));
  const given = tellings.flatMap((one) => Object.entries(one ?? {}).filter(([, value]) => value !== null));
  return { ...zero, ...Object.fromEntries(given) };
}

/** The lines of one message of the upstream. */
function linesOf(start: Told | undefined, end: Told | undefined, stop_reason = "end_turn"): CliLine[] {
  const message = { id: "msg_1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };
  return [
    { type: "message_start", message: { ...message, usage: start } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Hello." } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason, stop_sequence: null }, usage: end },
    { type: "message_stop" },
  ].map((event) => ({ type: "stream_event", event, parent_tool_use_id: null }));
}

function read(reader: TurnReader, lines: CliLine[]): MessageEvent[] {
  return lines.flatMap((line) => reader.line(line).events);
}

const newTurn = () => new Turn(toolNames([]));

interface Answered {
  whole: Record<string, unknown>;
  stream: SseMessage[];
}

/** The answer of a dialect, whole and streamed. */
async function answer(dialect: Dialect, body: object, events: MessageEvent[]): Promise<Answered> {
  const encoder = (stream: boolean) => dialect.decode({ model: "sonnet", ...body, stream }, context).encoder;
  const whole = encoder(false).whole(await collect(streamOf(events))) as Record<string, unknown>;
  return { whole, stream: sseOf(encoder(true), { events }) };
}

const messages = [{ role: "user", content: "Hello" }];
const answers = {
  anthropic: (events: MessageEvent[]) => answer(anthropic, { max_tokens: 10, messages }, events),
  chat: (events: MessageEvent[]) => answer(chat, { messages }, events),
  responses: (events: MessageEvent[]) => answer(withMemory(), { input: "Hello" }, events),
};

const parsed = ({ data }: SseMessage) => JSON.parse(data) as Record<string, Record<string, unknown>>;

describe("any usage that an upstream tells", () => {
  test("is that of Messages, with all that is not known here", async () => {
    await fc.assert(
      fc.asyncProperty(usage, usage, async (start, end) => {
        const { whole, stream } = await answers.anthropic(read(newTurn(), linesOf(start, end)));
        const cost = costOf(start, end);
        expect(whole["usage"]).toMatchObject(cost);
        const events = stream.map(parsed);
        const [first, last] = [events[0]?.["message"]?.["usage"], events.at(-2)?.["usage"]];
        expect(first).toMatchObject(costOf(start));
        // As the SDKs put it together.
        expect(costOf(first as Told, last as Told)).toMatchObject(cost);
      }),
    );
  });

  test("adds up in Chat Completions", async () => {
    await fc.assert(
      fc.asyncProperty(usage, usage, fc.boolean(), async (start, end, include_usage) => {
        const events = read(newTurn(), linesOf(start, end));
        const cost = costOf(start, end);
        const prompt =
          Number(cost.input_tokens) + Number(cost.cache_read_input_tokens) + Number(cost.cache_creation_input_tokens);
        const expected = {
          prompt_tokens: prompt,
          completion_tokens: cost.output_tokens,
          total_tokens: prompt + Number(cost.output_tokens),
          prompt_tokens_details: {
            cached_tokens: cost.cache_read_input_tokens,
            cache_write_tokens: cost.cache_creation_input_tokens,
          },
          completion_tokens_details: { reasoning_tokens: thinkingIn(cost) },
        };
        expect((await answers.chat(events)).whole["usage"]).toMatchObject(expected);

        const stream_options = { include_usage, include_obfuscation: false };
        const { encoder } = chat.decode({ model: "sonnet", messages, stream: true, stream_options }, context);
        const chunks = sseOf(encoder, { events }).slice(0, -1).map(parsed);
        const last = chunks.at(-1);
        if (include_usage) expect(last).toMatchObject({ choices: [], usage: expected });
        for (const chunk of include_usage ? chunks.slice(0, -1) : chunks) {
          expect(chunk["choices"]).toHaveLength(1);
          if (include_usage) expect(chunk["usage"]).toBeNull();
          else expect(chunk).not.toHaveProperty("usage");
        }
      }),
    );
  });

  test("adds up in Responses", async () => {
    await fc.assert(
      fc.asyncProperty(usage, usage, async (start, end) => {
        const { whole, stream } = await answers.responses(read(newTurn(), linesOf(start, end)));
        const cost = costOf(start, end);
        const input =
          Number(cost.input_tokens) + Number(cost.cache_read_input_tokens) + Number(cost.cache_creation_input_tokens);
        const expected = {
          input_tokens: input,
          input_tokens_details: {
            cached_tokens: Number(cost.cache_read_input_tokens),
            cache_write_tokens: Number(cost.cache_creation_input_tokens),
          },
          output_tokens: Number(cost.output_tokens),
          output_tokens_details: { reasoning_tokens: thinkingIn(cost) },
          total_tokens: input + Number(cost.output_tokens),
        };
        expect(whole["usage"]).toEqual(expected);
        expect(stream.slice(0, -1).map(parsed).at(-1)?.["response"]?.["usage"]).toEqual(expected);
        expect(parsed(stream[0] as SseMessage)["response"]?.["usage"]).toBeNull();
      }),
    );
  });

  test("is summed up over all messages of an agent, and those of its sub-agents", async () => {
    const step = fc.tuple(usage, usage);
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 5 }), count, count, async (steps, extra, cached) => {
        const costs = steps.map(([start, end]) => costOf(start, end));
        const own = Object.fromEntries(counters.map((name) => [name, sum(costs.map((cost) => Number(cost[name])))]));
        const turn = new AgentTurn(toolNames([]), { showTools: false });
        const lines = steps.flatMap(([start, end], n) =>
          linesOf(start, end, n < steps.length - 1 ? "tool_use" : undefined),
        );
        const result = {
          type: "result",
          is_error: false,
          usage: own,
          model_usage_since_last_result: {
            opus: { inputTokens: own["input_tokens"], outputTokens: own["output_tokens"], ...cacheOf(own) },
            haiku: { inputTokens: extra, outputTokens: 0, cacheReadInputTokens: cached },
          },
        };
        const { whole } = await answers.anthropic(read(turn, [...lines, result]));
        const { counter_of_tomorrow = 0, ...counted } = whole["usage"] as Told;
        expect(counter_of_tomorrow).toBe(sum(costs.map((cost) => Number(cost["counter_of_tomorrow"] ?? 0))));
        expect(counted).toMatchObject({
          ...own,
          input_tokens: Number(own["input_tokens"]) + extra,
          cache_read_input_tokens: Number(own["cache_read_input_tokens"]) + cached,
        });
      }),
    );
  });
});

function thinkingIn(cost: Told): number {
  return (cost["output_tokens_details"] as Usage["output_tokens_details"])?.thinking_tokens ?? 0;
}

function cacheOf(own: Record<string, number>) {
  return {
    cacheReadInputTokens: own["cache_read_input_tokens"],
    cacheCreationInputTokens: own["cache_creation_input_tokens"],
  };
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
