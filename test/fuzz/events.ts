/** Whatever an engine emits, each dialect's stream is valid by that dialect's grammar, or ends in that dialect's error. */

import { expect } from "bun:test";
import { AnthropicError } from "@anthropic-ai/sdk";
import fc from "fast-check";
import { OpenAIError } from "openai";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { errorTable, type ErrorKind, ProxyError } from "../../src/error.ts";
import type { MessageEvent } from "../../src/messages/types.ts";
import { anyAnswer } from "../dialect/any-answer.ts";
import { withMemory } from "../dialect/responses/memory.ts";
import { dialects, read, respond, saying } from "../golden/answers.ts";
import { type Asked, type DialectName, requestOf } from "../golden/requests.ts";
import { streamReaders } from "../golden/sdks.ts";
import { wordsIn } from "../support/words.ts";
import { expectAnswer } from "./valid.ts";
import { singly } from "../../src/messages/through.ts";

/** What goes wrong with the events of an answer, at a place that is counted modulo their number. */
type Fault = { at: number } & (
  | { do: "drop" | "repeat" | "cut" }
  | { do: "insert" | "replace"; event: MessageEvent }
  | { do: "move"; by: number }
  | { do: "renumber"; index: number }
  | { do: "begin"; words: string }
);

const strange = <T>(value: unknown): T => value as T;
const anyIndex = fc.constantFrom(0, 1, 2, 7, -1, 1e9);
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("x".repeat(100_000), '{"a":1}}', "\n\ndata: forged\n\n", "event: error\ndata: {}", "\ufeff\0"),
);
const anyBlock = fc.constantFrom(
  ...strange<Extract<MessageEvent, { type: "content_block_start" }>["content_block"][]>([
    { type: "text", text: "" },
    { type: "text", text: "begun already", citations: null },
    { type: "thinking", thinking: "", signature: "" },
    { type: "redacted_thinking", data: "x" },
    { type: "tool_use", id: "toolu_1", name: "f", input: {} },
    { type: "tool_use", id: "toolu_1", name: "f", input: { begun: "already" }, caller: null },
    { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
  ]),
);
const anyDelta = anyText.chain((text) =>
  fc.constantFrom(
    ...strange<Extract<MessageEvent, { type: "content_block_delta" }>["delta"][]>([
      { type: "text_delta", text },
      { type: "thinking_delta", thinking: text },
      { type: "signature_delta", signature: text },
      { type: "input_json_delta", partial_json: text },
      { type: "citations_delta", citation: { cited_text: text } },
      { type: "compaction_delta", content: text },
    ]),
  ),
);
const anyReason = fc.constantFrom(...strange<"end_turn"[]>(["end_turn", "tool_use", "max_tokens", "refusal", "new"]));

/** One event that may stand anywhere. */
const anyEvent: fc.Arbitrary<MessageEvent> = fc.oneof(
  anyAnswer.map(([start]) => start as MessageEvent),
  fc.tuple(anyIndex, anyBlock).map(([index, content_block]) => ({ type: "content_block_start", index, content_block })),
  fc.tuple(anyIndex, anyDelta).map(([index, delta]) => ({ type: "content_block_delta", index, delta })),
  anyIndex.map((index) => ({ type: "content_block_stop", index })),
  anyReason.map((stop_reason) => ({
    type: "message_delta",
    delta: { stop_reason, stop_sequence: null },
    usage: { output_tokens: 3 },
  })),
  fc.constantFrom(...strange<MessageEvent[]>([{ type: "ping" }, { type: "message_stop" }, { type: "vendor_event" }])),
) as fc.Arbitrary<MessageEvent>;

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ at: fc.nat(), do: fc.constantFrom("drop" as const, "repeat" as const, "cut" as const) }),
  fc.record({ at: fc.nat(), do: fc.constantFrom("insert" as const, "replace" as const), event: anyEvent }),
  fc.record({ at: fc.nat(), do: fc.constant("move" as const), by: fc.nat(5) }),
  fc.record({ at: fc.nat(), do: fc.constant("renumber" as const), index: anyIndex }),
  fc.record({ at: fc.nat(), do: fc.constant("begin" as const), words: fc.string() }),
);

function spoil(events: readonly MessageEvent[], fault: Fault): MessageEvent[] {
  const at = fault.at % Math.max(1, events.length);
  const [before, event, after] = [events.slice(0, at), events[at], events.slice(at + 1)];
  if (event === undefined) return fault.do === "insert" ? [fault.event] : [];
  switch (fault.do) {
    case "drop":
      return [...before, ...after];
    case "repeat":
      return [...before, event, event, ...after];
    case "cut":
      return before;
    case "insert":
      return [...before, fault.event, event, ...after];
    case "replace":
      return [...before, fault.event, ...after];
    case "move":
      return [...before, ...after.slice(0, fault.by), event, ...after.slice(fault.by)];
    case "renumber":
      return [...before, "index" in event ? { ...event, index: fault.index } : event, ...after];
    case "begin":
      return events.map((event) => begunWith(event, fault.words));
  }
}

/** A block that is not empty where it begins. */
function begunWith(event: MessageEvent, words: string): MessageEvent {
  if (event.type !== "content_block_start") return event;
  const { content_block: block } = event;
  if (block.type === "text") return { ...event, content_block: { ...block, text: words } };
  if (block.type === "thinking") return { ...event, content_block: { ...block, thinking: words, signature: words } };
  return block.type === "tool_use" ? { ...event, content_block: { ...block, input: { words } } } : event;
}

const kinds = Object.keys(errorTable) as ErrorKind[];
const failure = fc
  .constantFrom(...kinds.filter((kind) => kind !== "bug"))
  .map((kind) => new ProxyError(kind, "It failed.\n\ndata: forged"));

const schema = { type: "object", properties: { a: {} } };
const asked = fc.constantFrom<Asked>(
  {},
  { tools: ["f"] },
  { tools: ["f"], functions: true },
  { tools: ["f"], oneCall: true },
  { stop: ["a", "{"] },
  { schema },
);

/** Any answer, with nothing wrong or much, wherever it breaks off and however it ends. */
export const emitted = fc.record({
  dialect: fc.constantFrom(...dialects),
  asked,
  events: fc
    .tuple(anyAnswer, fc.oneof({ weight: 1, arbitrary: fc.constant([]) }, { weight: 4, arbitrary: fc.array(fault) }))
    .map(([events, faults]) => faults.reduce(spoil, events)),
  failure: fc.option(failure, { nil: undefined, freq: 3 }),
});

export async function expectAnyAnswer({ dialect: name, asked, events, failure }: Emitted): Promise<void> {
  const emit = async function* () {
    yield* structuredClone(events);
    if (failure) throw failure;
  };
  const engine = saying(() => singly(emit()));
  const dialect: Dialect = { anthropic, chat, responses: withMemory() }[name];
  const answerTo = async (stream: boolean) => {
    let end: ProxyError | undefined;
    const response = await respond(dialect, requestOf(name, asked, stream), engine, (error) => (end = error));
    const answer = await read(response);
    if (end?.kind === "bug") throw end.cause;
    return { answer, how: await expectAnswer(name, answer) };
  };
  const whole = await answerTo(false);
  const { answer, how } = await answerTo(true);
  // A whole answer is the stream, collected.
  expect(how).toBe(whole.how);
  if (how === "whole") expect(wordsIn(`${answer.body}`)).toEqual(wordsIn(`${whole.answer.body}`));
  if (answer.status === 200) await expectSdks(name, asked, answer, how);
}

type Emitted = typeof emitted extends fc.Arbitrary<infer T> ? T : never;

/** The official stream machines say the same. They aren't told of the schema: they would refuse what was rightly cut. */
async function expectSdks(
  name: DialectName,
  { schema: _schema, ...asked }: Asked,
  answer: Awaited<ReturnType<typeof read>>,
  how: "whole" | "error",
): Promise<void> {
  for (const reader of Object.values(streamReaders[name])) {
    const outcome = await reader(answer, asked).then(
      () => "whole",
      (error: unknown) => error,
    );
    if (how === "error") expect(outcome).toBeInstanceOf(name === "anthropic" ? AnthropicError : OpenAIError);
    else if (outcome !== "whole" && !refusesInput(outcome)) throw outcome;
  }
}

/** An answer may be cut within a tool's input, which no grammar says more of; one SDK also reads the half of it. */
function refusesInput(outcome: unknown): boolean {
  return outcome instanceof AnthropicError && outcome.message.includes("JSON");
}
