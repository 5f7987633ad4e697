/** Whatever the CLI prints, what becomes of it is a valid answer or an error of the upstream's: never a bug of ours. */

import { expect } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { anthropic } from "../../src/dialect/anthropic/index.ts";
import { chat } from "../../src/dialect/chat/index.ts";
import type { Dialect } from "../../src/dialect/dialect.ts";
import { readEvents } from "../../src/engine/anthropic/events.ts";
import { toolNames } from "../../src/engine/claude/names.ts";
import { readLine } from "../../src/engine/claude/line-schema.ts";
import { RateLimits } from "../../src/engine/claude/rate-limits.ts";
import { Recorder } from "../../src/engine/claude/recorder.ts";
import { ProxyError } from "../../src/error.ts";
import { withMemory } from "../dialect/responses/memory.ts";
import { dialects, read, readerOf, respond, saying } from "../golden/answers.ts";
import { linesOf } from "../golden/files.ts";
import { type Asked, requestOf } from "../golden/requests.ts";
import { scenarios } from "../golden/scenarios.ts";
import type { Events } from "../../src/messages/types.ts";
import { formatSse } from "../../src/wire/sse.ts";
import { bugsIn } from "../support/bugs.ts";
import { streamOf } from "../support/bytes.ts";
import { formatLine } from "../../src/wire/ndjson.ts";
import { temporaryFolder } from "../support/environment.ts";
import { exit, fakeClaude, file } from "../support/fake-claude.ts";
import { startSluice } from "../support/sluice.ts";
import { mutate, mutations } from "./mutate.ts";
import { expectAnswer } from "./valid.ts";
import { singly } from "../../src/messages/through.ts";

const recorded = Object.keys(scenarios).map((name) => ({ name, lines: linesOf(name) }));
const allLines = recorded.flatMap(({ lines }) => lines);

/** What happens to a transcript, at a line that is counted modulo their number. */
const change = fc.oneof(
  fc.record({ at: fc.nat(), do: fc.constant("mutate" as const), with: mutations }),
  fc.record({ at: fc.nat(), do: fc.constant("insert" as const), with: fc.nat(allLines.length - 1) }),
  fc.record({ at: fc.nat(), do: fc.constantFrom("drop" as const, "repeat" as const, "cut" as const) }),
);

/** A recorded turn of any scenario, with some of its lines changed. */
export const printed = fc.record({
  scenario: fc.constantFrom(...recorded.map(({ name }) => name)),
  changes: fc.array(change, { maxLength: 4 }),
});

type Printed = typeof printed extends fc.Arbitrary<infer T> ? T : never;

/** The lines as they come out of the CLI, as JSON. */
export function linesIn({ scenario, changes }: Printed): unknown[] {
  const lines: unknown[] = [...(recorded.find(({ name }) => name === scenario)?.lines ?? [])];
  for (const change of changes) {
    const at = change.at % Math.max(1, lines.length);
    if (change.do === "mutate") lines[at] = mutate(lines[at], change.with);
    else if (change.do === "insert") lines.splice(at, 0, allLines[change.with]);
    else if (change.do === "drop") lines.splice(at, 1);
    else if (change.do === "repeat") lines.splice(at, 0, lines[at]);
    else lines.length = at;
  }
  return lines.map((line) => JSON.parse(JSON.stringify(line ?? null)) as unknown);
}

/** A turn that somebody asked for. */
export const turn = fc.record({ dialect: fc.constantFrom(...dialects), stream: fc.boolean(), printed });

type AskedTurn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

/** Does with the lines what a conversation does. */
export async function expectAnyTurn(turn: AskedTurn): Promise<void> {
  const reader = readerOf(askedIn(turn));
  const recorder = new Recorder();
  const limits = new RateLimits();
  const emit = async function* () {
    for (const line of linesIn(turn.printed).flatMap((value) => readLine(value) ?? [])) {
      limits.take(line);
      const { events, end } = reader.line(line);
      for (const event of events) recorder.take(event);
      yield* events;
      if (end) return;
    }
    throw new ProxyError("upstream", "Claude Code ended in the middle of a turn.");
  };
  await expectAnyEvents(turn, () => singly(emit()));
  void new Response(null, { headers: limits.headers });
}

/** The same of an upstream that is asked without the CLI. */
export async function expectAnyStream(turn: AskedTurn): Promise<void> {
  const messages = linesIn(turn.printed).flatMap((line) => {
    const { event } = (line ?? {}) as { event?: unknown };
    return event === undefined ? [] : formatSse({ event: "any", data: JSON.stringify(event) });
  });
  const names = toolNames(askedIn(turn).tools ?? []);
  await expectAnyEvents(turn, () => readEvents(singly(streamOf(...messages)), names));
}

const askedIn = ({ printed }: AskedTurn): Asked => scenarios[printed.scenario]?.asked ?? {};

async function expectAnyEvents(turn: AskedTurn, events: () => Events): Promise<void> {
  const { dialect: name, stream } = turn;
  const dialect: Dialect = { anthropic, chat, responses: withMemory() }[name];
  let failure: ProxyError | undefined;
  const body = requestOf(name, askedIn(turn), stream);
  const answer = await read(await respond(dialect, body, saying(events), (error) => (failure = error)));
  if (failure?.kind === "bug") throw failure.cause;
  await expectAnswer(name, answer);
}

const paths = { anthropic: "/v1/messages", chat: "/v1/chat/completions", responses: "/v1/responses" };

/** The same, of processes that print the lines and end. */
export async function startPrinting(): Promise<AsyncDisposable & { expectTurn(asked: AskedTurn): Promise<void> }> {
  const folder = await temporaryFolder();
  const output = join(folder.path, "lines.ndjson");
  const claude = await fakeClaude({ turns: [[file(output), exit(0)]] }, folder.path);
  const sluice = await startSluice({ claude, args: ["--agent"] });
  return {
    async expectTurn(turn) {
      const { dialect, stream } = turn;
      await Bun.write(output, linesIn(turn.printed).map(formatLine).join(""));
      const answer = await read(await sluice.post(paths[dialect], requestOf(dialect, askedIn(turn), stream)));
      expect(bugsIn(sluice.logged.splice(0).join(""))).toEqual([]);
      await expectAnswer(dialect, answer);
    },
    async [Symbol.asyncDispose]() {
      await sluice[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
