/**
 * How long our own steps take against `JSON.parse` of the same bytes in the same process: a number that a busy or a slow
 * machine changes little, so that a test can hold it.
 */

import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Dialect, Exchange } from "../../src/dialect/dialect.ts";
import { responses } from "../../src/dialect/responses/index.ts";
import { readLine } from "../../src/engine/claude/line-schema.ts";
import { toolNames } from "../../src/engine/claude/names.ts";
import { Turn } from "../../src/engine/claude/turn.ts";
import type { MessageEvent } from "../../src/messages/types.ts";
import { formatLine, readLines } from "../../src/wire/ndjson.ts";
import { formatSse, formatSseLine, readSse } from "../../src/wire/sse.ts";
import { eventsOf, messageOf, text } from "../support/mock-anthropic.ts";
import { system, tools } from "./material.ts";
import { median } from "./stats.ts";

/** A step of ours. */
export interface Step {
  readonly name: string;
  /** The texts that `JSON.parse` is given, for comparison. */
  readonly json: readonly string[];
  run(): unknown;
}

const deltas = 500;
const rounds = 40;
const warmRounds = 300;

/** Runs a step until it is compiled for good. */
export async function warm({ run }: Step): Promise<void> {
  for (let round = 0; round < warmRounds; round++) await run();
}

/** The median of many rounds' ratios; each round measures both, so that what disturbs one disturbs the other. */
export async function slownessOf({ json, run }: Step): Promise<number> {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const own = await timeOf(run);
    const reference = await timeOf(() => {
      for (const one of json) JSON.parse(one);
    });
    ratios.push(own / reference);
  }
  return median(ratios);
}

async function timeOf(action: () => unknown): Promise<number> {
  const began = performance.now();
  await action();
  return performance.now() - began;
}

const reply = text("nineteen letters, ".repeat(deltas), { chunks: deltas });
const events = eventsOf(messageOf(reply, "msg_01XFDUDYJgAACzvnptvVoYEL", "claude-sonnet-5-5"), deltas);

/** The lines in which the CLI wraps an answer's events. */
const lines = events.map((event) => ({
  type: "stream_event",
  event,
  session_id: "7c5a8f5e-7f6c-4f4a-9d0e-6a0d1d3d9f11",
  parent_tool_use_id: null,
  uuid: "0b0f2a56-9c6b-4d0e-8f57-2f4f3c2d1e90",
}));
const printed = chunked(lines.map(formatLine));
const sent = chunked(events.map((event) => formatSse({ event: event.type, data: JSON.stringify(event) })));

/** As pipes and sockets give them: some at once, and cut anywhere. */
function chunked(texts: readonly string[]): Uint8Array[] {
  const bytes = new TextEncoder().encode(texts.join(""));
  const size = 4096;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}

async function* streamOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

const pairs = Array.from({ length: 50 }, (_, n) => [`Question ${n}: ${system}`, `Answer ${n}: ${system}`] as const);
const said = [
  ...pairs.flatMap(([user, assistant]) => [turn("user", user), turn("assistant", assistant)]),
  turn("user", "?"),
];

function turn(role: string, content: string) {
  return { role, content };
}

const functions = tools.map(({ name, description, input_schema }) => ({ name, description, parameters: input_schema }));
const basic = { model: "sonnet", stream: true };
const requests: readonly { dialect: Dialect; body: string }[] = [
  {
    dialect: anthropic,
    body: JSON.stringify({ ...basic, max_tokens: 32_000, system, messages: said, tools }),
  },
  {
    dialect: chat,
    body: JSON.stringify({
      ...basic,
      messages: [turn("system", system), ...said],
      tools: functions.map((one) => ({ type: "function", function: one })),
    }),
  },
  {
    dialect: responses,
    body: JSON.stringify({
      ...basic,
      store: false,
      instructions: system,
      input: said,
      tools: functions.map((one) => ({ type: "function", strict: false, ...one })),
    }),
  },
];

function decode(dialect: Dialect, body: unknown): Exchange {
  return dialect.decode(body, { headers: new Headers(), defaultModel: undefined });
}

export const steps: readonly Step[] = [
  {
    name: "lines of the CLI, as events",
    json: lines.map((line) => JSON.stringify(line)),
    run: async () => {
      const reader = new Turn(toolNames([]));
      for await (const values of readLines(streamOf(printed), { maxLine: 1e6 })) {
        for (const value of values) {
          const line = readLine(value);
          if (line) reader.line(line);
        }
      }
    },
  },
  {
    name: "server-sent events of the API, as messages",
    json: events.map((event) => JSON.stringify(event)),
    run: async () => {
      for await (const _ of readSse(streamOf(sent), { maxEvent: 1e6 }));
    },
  },
  ...requests.map(({ dialect, body }) => ({
    name: `decode ${dialect.name}`,
    json: [body],
    run: () => decode(dialect, JSON.parse(body)),
  })),
  ...requests.map(({ dialect, body }) => ({
    name: `encode ${dialect.name}`,
    json: events.map((event) => JSON.stringify(event)),
    run: () => encode(decode(dialect, JSON.parse(shortened(body))), events),
  })),
];

/** A request that takes next to nothing to decode. */
function shortened(body: string): string {
  const { messages, tools: _, ...rest } = JSON.parse(body) as Record<string, unknown>;
  return JSON.stringify({ ...rest, [messages ? "messages" : "input"]: said.slice(-1) });
}

function encode({ encoder }: Exchange, all: readonly MessageEvent[]): number {
  let length = 0;
  const stream = encoder.stream((data, event) => (length += formatSseLine(data, event).length));
  for (const event of all) stream.event(event);
  return length;
}

if (import.meta.main) {
  for (const step of steps) {
    await warm(step);
    console.log((await slownessOf(step)).toFixed(2), step.name);
  }
}
