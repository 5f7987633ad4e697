/** The answers that Sluice makes of a transcript, byte by byte, on the path of production. */

import { setSystemTime, spyOn } from "bun:test";
import { answer, refuse } from "../../src/answer.ts";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { AgentTurn } from "../../src/engine/claude/agent-turn.ts";
import type { CliLine } from "../../src/engine/claude/lines.ts";
import { toolNames } from "../../src/engine/claude/names.ts";
import { Turn, type TurnReader } from "../../src/engine/claude/turn.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { type ProxyError, toProxyError } from "../../src/error.ts";
import type { Events, MessageEvent } from "../../src/messages/types.ts";
import { context } from "../dialect/refusal.ts";
import { withMemory } from "../dialect/responses/memory.ts";
import { type Asked, type DialectName, requestOf } from "./requests.ts";
import { singly } from "../../src/messages/through.ts";
import { indifferent } from "../support/observer.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

export const dialects: readonly DialectName[] = ["anthropic", "chat", "responses"];

/** When every answer is made: 20 November 2026, 41 seconds before the usage limit of the transcripts ends. */
const now = new Date(1795222500_000);

/**
 * The answer of one dialect. Ids and times, which are the only things that a transcript does not decide, are counted and
 * stand still.
 */
export async function answerOf(
  name: DialectName,
  lines: readonly CliLine[],
  asked: Asked,
  stream: boolean,
): Promise<Answer> {
  const dialect: Dialect = { anthropic, chat, responses: withMemory() }[name];
  let minted = 0;
  const random = spyOn(crypto, "getRandomValues").mockImplementation(<T>(array: T): T => {
    (array as Uint8Array).fill(0).set([++minted], (array as Uint8Array).length - 1);
    return array;
  });
  setSystemTime(now);
  try {
    return await read(await respond(dialect, requestOf(name, asked, stream), printing(lines, asked)));
  } finally {
    setSystemTime();
    random.mockRestore();
  }
}

/** The answer to a request that this engine serves; a bug is thrown. `ended` hears how a stream ended. */
export async function respond(
  dialect: Dialect,
  body: object,
  engine: Engine,
  ended: (error?: ProxyError) => void = () => {},
): Promise<Response> {
  try {
    const exchange = dialect.decode(body, context);
    const observer = { ...indifferent, ended };
    const { signal } = new AbortController();
    return await answer(exchange, engine, { headers: new Headers(), signal, abort: () => {}, observer });
  } catch (thrown) {
    const error = toProxyError(thrown);
    if (error.kind === "bug") throw thrown;
    return refuse(dialect, error, "req_1");
  }
}

export async function read(response: Response): Promise<Answer> {
  const body = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

/** An engine whose CLI prints these lines, whatever it is asked. */
export function printing(lines: readonly CliLine[], asked: Asked): Engine {
  return saying(() => singly(eventsOf(lines, readerOf(asked))));
}

/** An engine that answers with these events, whatever it is asked. */
export function saying(events: () => Events): Engine {
  const run = () => ({
    way: "spare" as const,
    warnings: [],
    [Symbol.asyncIterator]: () => events()[Symbol.asyncIterator](),
  });
  // Nothing else is asked of it.
  return { run } as Partial<Engine> as Engine;
}

export function readerOf({ agent, tools = [] }: Asked): TurnReader {
  const names = toolNames(tools);
  return agent ? new AgentTurn(names, { showTools: true }) : new Turn(names);
}

async function* eventsOf(lines: readonly CliLine[], reader: TurnReader): AsyncGenerator<MessageEvent> {
  for (const line of lines) {
    const { events, end } = reader.line(line);
    yield* events;
    if (end) return;
  }
  throw new Error("The transcript ends before the turn does");
}
