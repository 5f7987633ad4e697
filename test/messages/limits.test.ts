import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { collect } from "../../src/messages/collect.ts";
import { limits } from "../../src/messages/limits.ts";
import type { Events, MessageEvent, MessagesRequest, StopReason } from "../../src/messages/types.ts";
import { answer, streamOf, text, thinking, toolUse } from "../dialect/answers.ts";
import { inGrammar } from "../../src/messages/grammar.ts";
import { singly } from "../../src/messages/through.ts";
import { flat } from "../support/flat.ts";

const request = (fields: Partial<MessagesRequest>): MessagesRequest => ({
  model: "m",
  system: [],
  messages: [],
  ...fields,
});
const stopping = (...stop_sequences: string[]) => request({ stop_sequences });
const oneCall = request({ tool_choice: { type: "auto", disable_parallel_tool_use: true } });

const limit = (events: Events, asked: MessagesRequest) => inGrammar(events, ...limits(asked));

async function limited(events: MessageEvent[], asked: MessagesRequest): Promise<MessageEvent[]> {
  return Array.fromAsync(flat(limit(streamOf(events), asked)));
}

const deltas = (events: MessageEvent[]) =>
  events.flatMap((event) =>
    event.type === "content_block_delta" && event.delta.type === "text_delta" ? event.delta.text : [],
  );

/** Where a text that is read character by character is stopped: the definition that the stream must keep to. */
function cutWhole(whole: string, stops: readonly string[]): { text: string; stop: string | null } {
  for (let end = 1; end <= whole.length; end++) {
    const read = whole.slice(0, end);
    const [stop] = stops.filter((one) => read.endsWith(one)).sort((a, b) => b.length - a.length);
    if (stop !== undefined) return { text: read.slice(0, -stop.length), stop };
  }
  return { text: whole, stop: null };
}

/** A text in pieces of the lengths, which may cut characters in two. */
function split(whole: string, lengths: readonly number[]): string[] {
  const pieces: string[] = [];
  let rest = whole;
  for (const length of lengths) {
    pieces.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  return [...pieces, rest];
}

// Few characters, so that stop sequences are found, begun and left; two of them are surrogate pairs with one half in common.
const characters = fc.constantFrom("a", "b", "👋", "👍", "\n");
const anyText = fc.oneof(fc.string({ unit: characters, maxLength: 40 }), fc.string({ unit: "binary" }));
const anyStop = fc.oneof(
  fc.string({ unit: characters, minLength: 1, maxLength: 5 }),
  fc.string({ unit: "binary", minLength: 1, maxLength: 2 }),
);
const anyLengths = fc.array(fc.nat(6), { maxLength: 40 });

describe("stop sequences", () => {
  test("any text, any stops, any split: as if the whole text were cut", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, fc.array(anyStop, { minLength: 1, maxLength: 4 }), anyLengths, async (...given) => {
        const [whole, stops, lengths] = given;
        const events = await limited(answer([text(...split(whole, lengths))], "end_turn"), stopping(...stops));
        const expected = cutWhole(whole, stops);
        const message = await collect(streamOf(events));
        expect(message.content).toEqual([{ type: "text", text: expected.text }]);
        expect(message.stop_sequence).toBe(expected.stop);
        expect(message.stop_reason).toBe(expected.stop === null ? "end_turn" : "stop_sequence");
        expect(deltas(events).filter((piece) => !piece.isWellFormed())).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test("may be blank", async () => {
    const message = await collect(
      limit(streamOf(answer([text("one\nt", "wo\n\nthree")], "end_turn")), stopping("\n\n")),
    );
    expect(message).toMatchObject({ content: [{ text: "one\ntwo" }], stop_sequence: "\n\n" });
  });

  test("across neighbouring text blocks too", async () => {
    const blocks = fc.array(fc.array(fc.string({ unit: characters, maxLength: 4 }), { maxLength: 4 }), {
      minLength: 1,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(blocks, fc.array(anyStop, { minLength: 1, maxLength: 3 }), async (texts, stops) => {
        const source = answer(
          texts.map((pieces) => text(...pieces)),
          "end_turn",
        );
        const expected = cutWhole(texts.flat().join(""), stops);
        const message = await collect(limit(streamOf(source), stopping(...stops)));
        const written = message.content.map((block) => (block.type === "text" ? block.text : "")).join("");
        expect({ text: written, stop: message.stop_sequence }).toEqual(expected);
      }),
    );
  });

  test("hold back only what may be one, and nothing longer than needed", async () => {
    const events = await limited(answer([text("see EN", "D", "ING", " EN", "ough E")], "end_turn"), stopping("END."));
    expect(deltas(events)).toEqual(["see ", "ENDING", " ", "ENough ", "E"]);
  });

  test("are not looked for across thinking, nor in it, nor in a tool's input", async () => {
    const source = answer(
      [text("a E"), thinking("s", "END"), text("ND b"), toolUse("t", "f", '{"a":"END"}')],
      "tool_use",
    );
    const events = await limited(source, stopping("END"));
    expect(await collect(streamOf(events))).toEqual(await collect(streamOf(source)));
  });

  test("end the source, and with an estimate of what was written", async () => {
    const log: string[] = [];
    async function* source() {
      try {
        for (const event of answer([thinking("s", "twelve chars"), text("one two STOP ", "three")], "end_turn")) {
          log.push(event.type);
          yield event;
        }
      } finally {
        log.push("returned");
      }
    }
    const seen: MessageEvent[] = [];
    for await (const event of flat(limit(singly(source()), stopping("STOP")))) {
      if (event.type === "message_delta") expect(log.at(-1)).toBe("returned");
      seen.push(event);
    }
    expect(log.filter((type) => type === "message_delta")).toEqual([]);
    expect(seen.slice(-3)).toEqual([
      { type: "content_block_stop", index: 1 },
      {
        type: "message_delta",
        delta: { stop_reason: "stop_sequence", stop_sequence: "STOP" },
        usage: { output_tokens: 7 },
      },
      { type: "message_stop" },
    ]);
  });

  test.each<[StopReason, string | undefined]>([
    ["max_tokens", undefined],
    ["stop_sequence", "END"],
  ])("an upstream that stops by itself is believed: %s", async (reason, stop_sequence) => {
    const source = answer([text("so far E")], reason, { ...(stop_sequence && { stop_sequence }) });
    expect(await limited(source, stopping("END"))).toEqual([
      ...source.slice(0, 3),
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "so far " } },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "E" } },
      ...source.slice(-3),
    ]);
  });

  test("a failure of the source is passed on, without what was held back", async () => {
    async function* source() {
      yield* answer([text("so E")], "end_turn").slice(0, -3);
      throw new Error("lost");
    }
    const seen: MessageEvent[] = [];
    const read = async () => {
      for await (const event of flat(limit(singly(source()), stopping("END")))) seen.push(event);
    };
    await expect(read()).rejects.toThrow("lost");
    expect(deltas(seen)).toEqual(["so "]);
  });

  test("a long stop sequence that nearly comes again and again costs linear time", async () => {
    const source = answer([text("a".repeat(300_000), "c")], "end_turn");
    // Quadratic work would be ten thousand million steps: the test's time limit is the verdict.
    const events = await limited(source, stopping(`${"a".repeat(100_000)}b`));
    expect(deltas(events).join("")).toHaveLength(300_001);
  });
});

describe("max_tokens", () => {
  const longText = fc.string({ unit: fc.constantFrom("a", "b", " ", "\n", "👋"), maxLength: 80 });

  /** A text of so many words at most, as the definition has it: cut before the word that is one too many. */
  function cutWords(whole: string, most: number): string {
    const words = [...whole.matchAll(/[^ \n]{1,32}/g)];
    return whole.slice(0, words[most]?.index ?? whole.length);
  }

  test("any text, any split: cut before the word that is one too many, and told", async () => {
    await fc.assert(
      fc.asyncProperty(longText, fc.integer({ min: 1, max: 12 }), anyLengths, async (whole, max_tokens, lengths) => {
        const source = answer([text(...split(whole, lengths))], "end_turn");
        const events = await limited(source, request({ max_tokens }));
        const expected = cutWords(whole, max_tokens);
        expect(deltas(events).join("")).toBe(expected);
        const { stop_reason } = await collect(streamOf(events));
        expect(stop_reason).toBe(expected === whole ? "end_turn" : "max_tokens");
      }),
    );
  });

  test("counts over all text blocks, but no thinking and no call", async () => {
    const source = answer(
      [thinking("a b c d"), text("one two"), toolUse("t1", "f", '{"a":"b c d"}'), text("three four")],
      "end_turn",
    );
    const message = await collect(limit(streamOf(source), request({ max_tokens: 3 })));
    expect(message.content.at(-1)).toEqual({ type: "text", text: "three " });
    expect(message.stop_reason).toBe("max_tokens");
  });

  test("the stop sequence that ends first counts, and so does the limit", async () => {
    const source = answer([text("one two STOP four five")], "end_turn");
    const cut = async (max_tokens: number) =>
      await collect(limit(streamOf(source), request({ max_tokens, stop_sequences: ["STOP"] })));
    expect(await cut(3)).toMatchObject({ content: [{ text: "one two " }], stop_reason: "stop_sequence" });
    expect(await cut(2)).toMatchObject({ content: [{ text: "one two " }], stop_reason: "max_tokens" });
    expect(await cut(1)).toMatchObject({ content: [{ text: "one " }], stop_reason: "max_tokens" });
  });

  test("cuts no character in two", async () => {
    const whole = `a${"👋".repeat(20)}`;
    const message = await collect(limit(streamOf(answer([text(whole)], "end_turn")), request({ max_tokens: 1 })));
    expect(message.content).toEqual([{ type: "text", text: whole.slice(0, 31) }]);
  });

  test.each(["m", "agent/m"])("0 leaves no content of %s", async (model) => {
    const none = request({ model, max_tokens: 0 });
    const message = await collect(limit(streamOf(answer([text("one")], "end_turn")), none));
    expect(message).toMatchObject({ content: [], stop_reason: "max_tokens" });
  });
});

describe("disable_parallel_tool_use", () => {
  const two = answer([text("Both."), toolUse("t1", "f", "{}"), toolUse("t2", "g", "{}")], "tool_use");

  test("ends the answer before a second call", async () => {
    const message = await collect(limit(streamOf(two), oneCall));
    expect(message.content).toEqual([
      { type: "text", text: "Both." },
      { type: "tool_use", id: "t1", name: "f", input: {} },
    ]);
    expect(message.stop_reason).toBe("tool_use");
  });

  test("lets one call pass as it is, and any number where it was not asked for", async () => {
    const one = answer([text("One."), toolUse("t1", "f", "{}")], "tool_use");
    expect(await limited(one, oneCall)).toEqual(one);
    expect(await limited(two, request({ tool_choice: { type: "auto" }, stop_sequences: ["zzz"] }))).toEqual(two);
  });
});

test("what asks for no limit gets no step", () => {
  const agent = { model: "agent/m", max_tokens: 5 };
  for (const fields of [{}, { stop_sequences: [] }, agent, { tool_choice: { type: "none" as const } }]) {
    expect(limits(request(fields))).toEqual([]);
  }
});
