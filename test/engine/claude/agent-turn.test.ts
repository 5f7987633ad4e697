import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { AgentTurn } from "../../../src/engine/claude/agent-turn.ts";
import type { CliLine, ModelUsage, ResultLine } from "../../../src/engine/claude/lines.ts";
import { toolNames } from "../../../src/engine/claude/names.ts";
import type { Step } from "../../../src/engine/claude/turn.ts";
import type { ProxyError } from "../../../src/error.ts";
import { collect } from "../../../src/messages/collect.ts";
import type { AnswerBlock, AnswerMessage, MessageEvent, Usage } from "../../../src/messages/types.ts";
import { blocks, eventsOf, type MessageReply, messageOf, text, toolUse } from "../../support/mock-replies.ts";
import { record, scenes, transcripts } from "../../support/record.ts";

const now = Date.UTC(2026, 10, 21);

function newTurn(showTools: boolean, tools = ["get_weather"]): AgentTurn {
  return new AgentTurn(toolNames(tools), { showTools }, () => now);
}

function transcript(name: string): CliLine[] {
  const lines = readFileSync(join(transcripts, `${name}.ndjson`), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as CliLine);
}

/** What each line does; every answer is to end before the lines do. */
function run(lines: CliLine[], turn = newTurn(false)): Step[] {
  return lines.map((line) => turn.line(line));
}

function eventsIn(steps: Step[]): MessageEvent[] {
  return steps.flatMap((step) => step.events);
}

/** The answers that the lines make, one for each request of the client, as the grammar of `collect` takes them. */
async function answers(lines: CliLine[], turn = newTurn(false)): Promise<AnswerMessage[]> {
  const whole: AnswerMessage[] = [];
  let events: MessageEvent[] = [];
  for (const step of run(lines, turn)) {
    events.push(...step.events);
    if (!step.end) continue;
    whole.push(await collect(streamOf(events)));
    events = [];
  }
  expect(events).toEqual([]);
  return whole;
}

async function* streamOf(events: MessageEvent[]): AsyncGenerator<MessageEvent[]> {
  yield events;
}

function failureOf(lines: CliLine[], turn?: AgentTurn): ProxyError {
  try {
    run(lines, turn);
  } catch (thrown) {
    return thrown as ProxyError;
  }
  throw new Error("The turn did not fail");
}

/** An answer in a few words: its blocks, then its stop reason. */
function outline({ content, stop_reason }: AnswerMessage): string[] {
  return [...content.map(outlineOf), `(${stop_reason})`];
}

function outlineOf(block: AnswerBlock): string {
  switch (block.type) {
    case "text":
      return block.text;
    case "thinking":
      return `thinks${block.signature === "" ? "" : " and signs"}: ${block.thinking}`;
    case "redacted_thinking":
      return "thinks in secret";
    case "tool_use":
      return `calls ${block.name} ${JSON.stringify(block.input)}`;
  }
}

let message = 0;
function linesOf(reply: MessageReply): CliLine[] {
  return eventsOf(messageOf(reply, `msg_${++message}`, "claude-sonnet-5-5"), 2)
    .filter((event) => event.type !== "ping")
    .map((event) => ({ type: "stream_event", event, parent_tool_use_id: null }));
}

const ownCall = (id = "toolu_own", words?: string) =>
  toolUse([{ id, name: "Bash", input: { command: "ls" } }], words === undefined ? {} : { text: words });
const clientCall = { id: "toolu_client", name: "get_weather", input: {} };
const resultLine = (id: string, content: unknown, is_error = false): CliLine => ({
  type: "user",
  message: { role: "user", content: [{ type: "tool_result", tool_use_id: id, content, is_error }] },
  parent_tool_use_id: null,
});
const denial = (id: string, message?: string): CliLine => ({
  type: "system",
  subtype: "permission_denied",
  tool_name: "Bash",
  tool_use_id: id,
  ...(message !== undefined && { message }),
});
const done: CliLine = { type: "result", subtype: "success", is_error: false, permission_denials: [] };
const failed: CliLine = { type: "result", subtype: "success", is_error: true, result: "CLI words" };
const synthetic = (fields: object): CliLine => ({
  type: "assistant",
  is_api_error_message: true,
  message: { model: "<synthetic>", content: [{ type: "text", text: "CLI words" }] },
  ...fields,
});
const apiRetry: CliLine = { type: "system", subtype: "api_retry", attempt: 1, error_status: null };

const input = (command: string) => `{"command":"${command}","description":"Say it"}`;
const denied =
  "\n[Permission denied: Bash — Permission to use Bash has been denied because Claude Code is running in don't ask mode.]\n";

/** Each recorded turn: its answers with the tools hidden, and shown where that differs. */
const golden: Record<string, { hidden: string[][]; shown?: string[][] }> = {
  text: { hidden: [["thinks and signs: Let me think.", "Hello from the model.", "(end_turn)"]] },
  bash: {
    hidden: [["I'll say it.", "thinks and signs: It said hi.", "\n\nIt said hi.", "(end_turn)"]],
    shown: [
      [
        "I'll say it.",
        `thinks: \n[Bash ${input("echo hi")}]\n`,
        "thinks: \n[Bash returned: hi]\n",
        "thinks and signs: It said hi.",
        "\n\nIt said hi.",
        "(end_turn)",
      ],
    ],
  },
  "two-calls": {
    hidden: [["One went well, two did not.", "(end_turn)"]],
    shown: [
      [
        `thinks: \n[Bash ${input("echo one")}]\n`,
        `thinks: \n[Bash ${input("echo two; exit 3")}]\n`,
        "thinks: \n[Bash returned: one]\n",
        "thinks: \n[Bash failed: Exit code 3\ntwo]\n",
        "One went well, two did not.",
        "(end_turn)",
      ],
    ],
  },
  denied: {
    hidden: [["I'll make a file.", denied, "I may not.", "(end_turn)"]],
    shown: [["I'll make a file.", `thinks: \n[Bash ${input("touch file")}]\n`, denied, "I may not.", "(end_turn)"]],
  },
  read: {
    hidden: [["The note says: buy milk.", "(end_turn)"]],
    shown: [
      [
        'thinks: \n[Read {"file_path":"/home/ada/work/note.txt"}]\n',
        "thinks: \n[Read returned: 1\tbuy milk\n2\t]\n",
        "The note says: buy milk.",
        "(end_turn)",
      ],
    ],
  },
  "max-turns": {
    hidden: [["Turn 1.", "\n\nTurn 2.", "\n[Reached maximum number of turns (2)]\n", "(max_tokens)"]],
    shown: [
      [
        "Turn 1.",
        `thinks: \n[Bash ${input("echo 1")}]\n`,
        "thinks: \n[Bash returned: 1]\n",
        "\n\nTurn 2.",
        `thinks: \n[Bash ${input("echo 2")}]\n`,
        "thinks: \n[Bash returned: 2]\n",
        "\n[Reached maximum number of turns (2)]\n",
        "(max_tokens)",
      ],
    ],
  },
  "client-tool": {
    hidden: [
      ["Let me see.", 'calls get_weather {"city":"Paris"}', "(tool_use)"],
      ["It is sunny in Paris.", "(end_turn)"],
    ],
    shown: [
      ["Let me see.", `thinks: \n[Bash ${input("echo hi")}]\n`, 'calls get_weather {"city":"Paris"}', "(tool_use)"],
      [
        "thinks: \n[Bash returned: hi]\n",
        `thinks: \n[Bash ${input("echo there")}]\n`,
        "thinks: \n[Bash returned: there]\n",
        "It is sunny in Paris.",
        "(end_turn)",
      ],
    ],
  },
  // The permission is refused while the client is away.
  "client-tool-denied": {
    hidden: [
      ['calls get_weather {"city":"Paris"}', "(tool_use)"],
      [denied, "It is sunny in Paris.", "(end_turn)"],
    ],
    shown: [
      ['calls get_weather {"city":"Paris"}', `thinks: \n[Bash ${input("touch file")}]\n`, "(tool_use)"],
      [denied, "It is sunny in Paris.", "(end_turn)"],
    ],
  },
  "sub-agent": {
    hidden: [["I'll send an agent.", denied, "The agent found nothing.", "(end_turn)"]],
    shown: [
      [
        "I'll send an agent.",
        'thinks: \n[Agent {"description":"Look","prompt":"Look around","subagent_type":"general-purpose"}]\n',
        denied,
        expect.stringMatching(/^thinks: \n\[Agent returned: [^]*Nothing here\.[^]*\]\n$/),
        "The agent found nothing.",
        "(end_turn)",
      ],
    ],
  },
  "max-tokens": { hidden: [["piece 1 ", "piece 2 ", "piece 3 ", "(end_turn)"]] },
  "max-tokens-always": { hidden: [["more ", "more ", "more ", "more ", "(max_tokens)"]] },
  refusal: { hidden: [["Well", "Well", "(refusal)"]] },
  "cut-call": {
    hidden: [["Done.", "(end_turn)"]],
    shown: [
      [
        "thinks: \n[Bash …]\n",
        `thinks: \n[Bash ${input("echo hi")}]\n`,
        "thinks: \n[Bash returned: hi]\n",
        "Done.",
        "(end_turn)",
      ],
    ],
  },
  "unknown-tool": {
    hidden: [["No such tool.", "(end_turn)"]],
    shown: [
      [
        "thinks: \n[Nope {}]\n",
        "thinks: \n[Nope failed: <tool_use_error>Error: No such tool available: Nope</tool_use_error>]\n",
        "No such tool.",
        "(end_turn)",
      ],
    ],
  },
};

describe("a recorded turn", () => {
  test("every transcript is looked at", () => {
    expect([...Object.keys(golden), "fails-later"].sort()).toEqual(Object.keys(scenes).sort());
  });

  describe.each(Object.entries(golden))("%s", (name, { hidden, shown = hidden }) => {
    test("is the answers that it should be", async () => {
      expect((await answers(transcript(name))).map(outline)).toEqual(hidden);
      expect((await answers(transcript(name), newTurn(true))).map(outline)).toEqual(shown);
    });

    test("counts the tokens as the CLI does, those of sub-agents too", async () => {
      const lines = transcript(name);
      const { model_usage_since_last_result: models = {} } = lines.at(-1) as ResultLine;
      const told = (field: keyof ModelUsage) => Object.values(models).reduce((sum, one) => sum + (one[field] ?? 0), 0);
      const answered = (await answers(lines)).map(({ usage }) => usage);
      const sum = (field: (usage: Usage) => number | undefined) =>
        answered.reduce((total, usage) => total + (field(usage) ?? 0), 0);
      expect(told("inputTokens")).toBeGreaterThan(0);
      expect(sum((usage) => usage.input_tokens)).toBe(told("inputTokens"));
      expect(sum((usage) => usage.output_tokens)).toBe(told("outputTokens"));
      expect(sum((usage) => usage.cache_read_input_tokens)).toBe(told("cacheReadInputTokens"));
      expect(sum((usage) => usage.cache_creation_input_tokens)).toBe(told("cacheCreationInputTokens"));
      expect(sum(({ cache_creation }) => cache_creation?.ephemeral_5m_input_tokens)).toBe(
        told("cacheCreationEphemeral5mInputTokens"),
      );
    });
  });

  test("fails-later is the failure that it should be", () => {
    const error = failureOf(transcript("fails-later"));
    expect([error.kind, error.status, error.message]).toEqual([
      "permission",
      403,
      "Failed to authenticate. API Error: 403 No",
    ]);
  });

  test.each(["bash", "denied", "client-tool-denied"])("%s is what the CLI prints today", async (name) => {
    const scene = scenes[name];
    if (!scene) throw new Error(`No scene ${name}`);
    const fresh = await answers(await record(scene), newTurn(true));
    expect(fresh).toEqual(await answers(transcript(name), newTurn(true)));
  });
});

describe("an answer", () => {
  test("has the first message's start, and nothing but one start", async () => {
    const steps = run(transcript("bash"));
    const starts = eventsIn(steps).filter((event) => event.type === "message_start");
    expect(starts).toMatchObject([{ message: { id: "msg_mock_1", content: [], usage: { input_tokens: 10 } } }]);
    expect(steps.map((step) => step.end).filter(Boolean)).toEqual(["answered"]);
    expect(steps.at(-1)?.end).toBe("answered");
  });

  test("nothing is sent before the first block", () => {
    const steps = run(linesOf(ownCall()));
    expect(eventsIn(steps)).toEqual([]);
  });

  test("what waits for room comes when the open block is closed", () => {
    const [start, open, ...rest] = [...linesOf(text("one")), done];
    const steps = run([...linesOf(ownCall()), start, open, denial("toolu_own", "No."), ...rest] as CliLine[]);
    const texts = eventsIn(steps).flatMap((event) =>
      event.type === "content_block_delta" && event.delta.type === "text_delta" ? [event.delta.text] : [],
    );
    expect(texts.join("")).toBe("one\n[Permission denied: Bash — No.]\n");
  });

  test("ends at a client's call, which has the client's own name", async () => {
    const lines = linesOf(toolUse([{ id: "toolu_client", name: "client_Bash", input: {} }]));
    const [answer] = await answers(lines, newTurn(false, ["Bash"]));
    expect(outline(answer as AnswerMessage)).toEqual(["calls Bash {}", "(tool_use)"]);
  });

  test("that was cut behind a client's call overruns", async () => {
    const cut = blocks([{ type: "tool_use", ...clientCall }], { stop_reason: "max_tokens" });
    const steps = run(linesOf(cut).slice(0, -1));
    expect(steps.at(-1)?.end).toBe("overrun");
    expect((await collect(streamOf(eventsIn(steps)))).stop_reason).toBe("max_tokens");
  });

  test.each(["stop_sequence", "pause_turn", "a_reason_of_tomorrow"] as const)("ends with %s", async (reason) => {
    const reply = text("x", { stop_reason: reason as "stop_sequence", stop_sequence: "END" });
    const [answer] = await answers([...linesOf(ownCall()), ...linesOf(reply), done]);
    expect<unknown>([answer?.stop_reason, answer?.stop_sequence]).toEqual([reason, "END"]);
  });

  test("that ends behind an own call is whole", async () => {
    const [answer] = await answers([...linesOf(ownCall("toolu_own", "Done.")), done]);
    expect(outline(answer as AnswerMessage)).toEqual(["Done.", "(end_turn)"]);
  });

  test("everything else that the CLI prints is passed over", () => {
    const noise: CliLine[] = [
      { type: "system", subtype: "init" },
      { type: "system", subtype: "status", status: "requesting" },
      { type: "assistant", message: { model: "claude-sonnet-5-5", content: [] } },
      { type: "user", message: { role: "user", content: "words" } },
      { type: "user" },
      { type: "tool_progress" },
      apiRetry,
      resultLine("toolu_of_nobody", "x"),
      synthetic({ parent_tool_use_id: "toolu_agent", error: "rate_limit" }),
      { type: "stream_event", event: { type: "message_stop" }, parent_tool_use_id: "toolu_agent" },
      { type: "stream_event", event: { type: "tomorrow" }, parent_tool_use_id: null },
    ];
    const lines = [...linesOf(ownCall("toolu_own", "one")), ...linesOf(text("two")), done];
    const noisy = lines.flatMap((line) => [...noise, line]);
    expect(eventsIn(run(noisy, newTurn(true)))).toEqual(eventsIn(run(lines, newTurn(true))));
  });
});

describe("a refused permission", () => {
  test("is told once, with what the CLI says first", async () => {
    const lines = [
      ...linesOf(ownCall()),
      denial("toolu_own", "Read of /etc/x.d is denied. IMPORTANT: think again."),
      ...linesOf(text("Well.")),
      { ...done, permission_denials: [{ tool_name: "Bash", tool_use_id: "toolu_own", tool_input: {} }] },
    ];
    const [answer] = await answers(lines);
    expect(outline(answer as AnswerMessage)[0]).toBe("\n[Permission denied: Bash — Read of /etc/x.d is denied.]\n");
    expect(answer?.content).toHaveLength(2);
  });

  test("is told at the end where only the result knows of it", async () => {
    const untold = { ...done, permission_denials: [{ tool_name: "Write", tool_use_id: "toolu_x" }] };
    const [answer] = await answers([...linesOf(ownCall()), ...linesOf(text("Well.")), untold]);
    expect(outline(answer as AnswerMessage)).toEqual(["Well.", "\n[Permission denied: Write]\n", "(end_turn)"]);
  });
});

describe("a shown result", () => {
  const shownOf = async (content: unknown): Promise<string> => {
    const lines = [...linesOf(ownCall()), resultLine("toolu_own", content), ...linesOf(text("x")), done];
    const [answer] = await answers(lines, newTurn(true));
    return outline(answer as AnswerMessage)[1] ?? "";
  };

  test("is bounded, and never cut within a character", async () => {
    const shown = await shownOf(`x${"😀".repeat(2_000)}`);
    expect(shown.length).toBeLessThan(1_100);
    expect(shown.isWellFormed()).toBe(true);
    expect(shown).toEndWith("😀…]\n");
  });

  test.each([
    [
      [
        { type: "text", text: "a" },
        { type: "image", source: {} },
      ],
      "a\n[image]",
    ],
    [undefined, ""],
    ["", ""],
  ])("%j is %j", async (content, words) => {
    expect(await shownOf(content)).toBe(`thinks: \n[Bash returned: ${words}]\n`);
  });
});

describe("a stream that breaks", () => {
  const torn = (reply: MessageReply) => linesOf(reply).slice(0, 3);

  test("before a block, or within an own call: what the CLI tries again is the answer", async () => {
    for (const broken of [torn(text("x")).slice(0, 1), torn(ownCall("toolu_torn"))]) {
      const lines = [...linesOf(ownCall("toolu_own", "one")), ...broken, apiRetry, ...linesOf(text("two")), done];
      const [answer] = await answers(lines);
      expect(outline(answer as AnswerMessage)).toEqual(["one", "\n\ntwo", "(end_turn)"]);
    }
  });

  test("after a block: a second try is a failure", () => {
    const lines = [...linesOf(ownCall("toolu_own", "one")), ...torn(text("two")), apiRetry, ...linesOf(text("two"))];
    expect(failureOf(lines).kind).toBe("upstream");
  });

  test("and ends without a second try in our sight: a failure too", () => {
    expect(failureOf([...torn(text("two")), { ...done, result: "two words" }]).message).toContain("broke off");
  });

  test("the message_stop that the CLI makes up is not the model's", () => {
    const call = linesOf(toolUse([clientCall])).slice(0, 3);
    const stop = { type: "stream_event", event: { type: "message_stop" }, parent_tool_use_id: null };
    const madeUp = { ...stop, event: { type: "message_delta", delta: { stop_reason: null } } };
    expect(run([...call, madeUp, stop]).some((step) => step.end)).toBe(false);
  });
});

describe("a failure", () => {
  test.each([
    [{ error: "authentication_failed" }, "login_required", 401],
    [{ error: "rate_limit", api_error_status: 429 }, "rate_limit", 429],
    [{ error: "server_error", api_error_status: 529 }, "overloaded", 529],
    [{ error: "of_tomorrow" }, "upstream", 502],
  ])("%p is %p, also behind a text", (fields, kind, status) => {
    for (const before of [[], linesOf(ownCall("toolu_own", "one"))]) {
      const error = failureOf([...before, synthetic(fields), failed]);
      expect([error.kind, error.status]).toEqual([kind as ProxyError["kind"], status]);
      expect(error.message).toContain("CLI words");
    }
  });

  test("behind a text that was cut is no answer that was cut", () => {
    const cut = text("one", { stop_reason: "max_tokens" });
    const error = failureOf([...linesOf(cut), synthetic({ error: "server_error", api_error_status: 500 }), failed]);
    expect(error.kind).toBe("upstream");
  });

  test("a limit that resets", () => {
    const info = { status: "rejected", resetsAt: now / 1000 + 3600 };
    const limit = { type: "rate_limit_event", rate_limit_info: info };
    const error = failureOf([limit, synthetic({ error: "rate_limit", api_error_status: 429 }), failed]);
    expect([error.retryAfter, error.retryable]).toEqual([3600, false]);
  });

  test("a result without an answer is never an empty answer", () => {
    expect(failureOf([{ ...done, result: "Blank prompt" }]).message).toContain("Blank prompt");
    const outOfTurns = { type: "result", subtype: "error_max_turns", is_error: true, errors: ["Reached it"] };
    expect(failureOf([...linesOf(toolUse([clientCall])), outOfTurns]).message).toBe("Reached it");
  });
});

/** A message of the model and what the CLI prints about its calls. */
interface Scripted {
  reply: MessageReply;
  /** Whether a first try broke off before anything of it was sent. */
  torn: boolean;
  /** The lines about each own call, by its id. */
  about: [id: string, lines: CliLine[]][];
}

type Roll = (sides: number) => number;

const ids = fc.uuid().map((id) => `toolu_${id}`);
const words = fc.string({ unit: "grapheme", maxLength: 12 });
const block = fc.oneof(
  words.map((text): AnswerBlock => ({ type: "text", text })),
  words.map((thinking): AnswerBlock => ({ type: "thinking", thinking, signature: "c2ln" })),
  fc.constant<AnswerBlock>({ type: "redacted_thinking", data: "x" }),
  fc
    .tuple(ids, fc.constantFrom("Bash", "Read", "get_weather"), fc.dictionary(words, words, { maxKeys: 2 }))
    .map(([id, name, input]): AnswerBlock => ({ type: "tool_use", id, name, input })),
);
const tokens = fc.nat(1e6);

const scripted = fc
  .record({
    content: fc.array(block, { maxLength: 4 }),
    torn: fc.boolean(),
    usage: fc.record({ input_tokens: tokens, output_tokens: tokens, cache_read_input_tokens: tokens }),
    refused: fc.boolean(),
  })
  .map(({ content, torn, usage, refused }): Scripted => {
    const calls = content.filter((one) => one.type === "tool_use");
    const own = calls.filter((one) => one.name !== "get_weather");
    return {
      reply: blocks(content, { usage, stop_reason: calls.length > 0 ? "tool_use" : "max_tokens" }),
      torn,
      about: own.map(({ id }) => [id, [...(refused ? [denial(id)] : []), resultLine(id, "result")]]),
    };
  });

const ofSubAgent = linesOf(ownCall("toolu_sub", "never seen")).map((line) => ({
  ...line,
  parent_tool_use_id: "toolu_agent",
}));

/** The lines of a message: what is about a call comes anywhere behind it, a sub-agent talks in between. */
function printed({ reply, torn, about }: Scripted, roll: Roll): CliLine[] {
  const lines = linesOf(reply);
  for (const [id, news] of about) {
    const start = lines.findIndex((line) => line.type === "stream_event" && JSON.stringify(line).includes(id));
    const end = lines.findIndex((line, at) => at > start && typeOf(line) === "content_block_stop") + 1;
    lines.splice(end + roll(lines.length - end + 1), 0, ...news);
  }
  const all = torn ? [...linesOf(reply).slice(0, 1), apiRetry, ...lines] : lines;
  return all.flatMap((line) => (roll(4) === 0 ? [ofSubAgent[roll(ofSubAgent.length)] ?? line, line] : [line]));
}

function typeOf(line: CliLine): string | undefined {
  return (line["event"] as MessageEvent | undefined)?.type;
}

describe("any turn", () => {
  test.each([false, true])("is valid answers with all that was said (tools shown: %p)", async (showTools) => {
    const anyTurn = fc.asyncProperty(
      fc.array(scripted, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.nat()),
      async (messages, dice) => {
        const roll: Roll = (sides) => (dice.next().value ?? 0) % sides;
        const all = [...messages, { reply: text("the end"), torn: false, about: [] }];
        const lines = all.flatMap((one) => printed(one, roll));
        expectAll(await answers([...lines, done], newTurn(showTools)), all);
      },
    );
    await fc.assert(anyTurn);
  });
});

/** All texts and thoughts, the client's calls, each denial, and every token; own calls at most as thoughts. */
function expectAll(answered: AnswerMessage[], messages: Scripted[]): void {
  const said = messages.flatMap(({ reply }) => reply.content);
  const got = answered.flatMap(({ content }) => content);

  const texts = (list: AnswerBlock[]) => list.flatMap((one) => (one.type === "text" ? [one.text] : []));
  const [notices, others] = [texts(got).filter(isNotice), texts(got).filter((one) => !isNotice(one))];
  const denials = messages.flatMap(({ about }) => about.filter(([, lines]) => lines.length > 1));
  expect(notices).toHaveLength(denials.length);
  const plain = (list: string[]) => list.map((one) => one.replace(/^\n\n/, ""));
  expect(plain(others)).toEqual(plain(texts(said)));

  const passed = (one: AnswerBlock) =>
    one.type === "redacted_thinking" ||
    (one.type === "thinking" && one.signature !== "") ||
    (one.type === "tool_use" && one.name === "get_weather");
  expect(got.filter(passed)).toEqual(said.filter(passed));
  expect(got.some((one) => one.type === "tool_use" && !passed(one))).toBe(false);

  for (const field of ["input_tokens", "cache_read_input_tokens"] as const) {
    const given = messages.reduce((sum, { reply, torn }) => sum + reply.usage[field] * (torn ? 2 : 1), 0);
    expect(answered.reduce((sum, { usage }) => sum + usage[field], 0)).toBe(given);
  }
}

function isNotice(words: string): boolean {
  return words.startsWith("\n[Permission denied");
}
