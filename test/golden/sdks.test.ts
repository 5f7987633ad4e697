/** Every golden answer, as the official SDKs read it: their strict stream machines, and their classes of errors. */

import { describe, expect, test } from "bun:test";
import Anthropic, { APIError as AnthropicApiError } from "@anthropic-ai/sdk";
import OpenAI, { APIError as OpenAiApiError } from "openai";
import { LengthFinishReasonError } from "openai/error";
import { makeWellFormed } from "../../src/messages/well-formed.ts";
import { readSse } from "../../src/wire/sse.ts";
import { expectGrammar } from "../dialect/responses/grammar.ts";
import { type Answer, dialects } from "./answers.ts";
import { readFiles, toAnswers } from "./files.ts";
import type { DialectName } from "./requests.ts";
import { type Scenario, scenarios } from "./scenarios.ts";
import { streamReaders, wholeReaders } from "./sdks.ts";
import { flat } from "../support/flat.ts";

type Json = Record<string, any>;

describe.each(Object.entries(scenarios))("%s", (name, scenario) => {
  const answers = toAnswers(readFiles(name));
  const { asked = {} } = scenario;
  describe.each([...dialects])("%s", (dialect) => {
    const whole = answerIn(answers, `${dialect}.json`);
    const streamed = answers[`${dialect}.sse`] ?? whole;
    const readers = Object.entries(streamReaders[dialect]);

    test("nothing in it is half a character", () => {
      const payloads = [JSON.parse(`${whole.body}`), ...(streamed === whole ? [] : payloadsIn(streamed))];
      for (const payload of payloads) expect(makeWellFormed(structuredClone(payload))).toEqual(payload);
    });

    if (whole.status === 200) {
      test("whole, it is read as it is", async () => {
        expect(plain(await wholeReaders[dialect](whole, asked))).toEqual(plain(JSON.parse(`${whole.body}`)));
      });

      test.each(readers)("%s makes the whole answer of it", async (_, read) => {
        if (dialect === "chat" && asked.schema && isCut(whole)) {
          // Asked for a schema, this SDK takes no part of an answer.
          return expect(read(streamed, asked)).rejects.toBeInstanceOf(LengthFinishReasonError);
        }
        const final = plain(await read(streamed, asked));
        expect(comparable[dialect](final, scenario, streamed)).toEqual(plain(JSON.parse(`${whole.body}`)));
      });
    } else {
      test("whole, it is an error of its status", async () => {
        expectRefusal(dialect, whole, await failureOf(wholeReaders[dialect](whole, asked)));
      });

      test.each(readers)("%s throws the same error", async (_, read) => {
        const failure = await failureOf(read(streamed, asked));
        if (streamed === whole) return expectRefusal(dialect, whole, failure);
        // In the middle of a stream there is no status, and so no class of it.
        const { error } = JSON.parse(`${whole.body}`) as Json;
        expect([failure.constructor, failure.status]).toEqual([generic[dialect], undefined]);
        expect(failure.error).toEqual(dialect === "anthropic" ? { type: "error", error } : error);
      });
    }
  });

  test("the events of Responses keep to their grammar", async () => {
    const streamed = answers["responses.sse"];
    if (streamed) expectGrammar(await messagesIn(streamed));
  });
});

function answerIn(answers: Record<string, Answer>, file: string): Answer {
  const answer = answers[file];
  if (answer === undefined) throw new Error(`There is no ${file}`);
  return answer;
}

async function messagesIn({ body }: Answer) {
  return Array.fromAsync(flat(readSse(new Blob([new Uint8Array(body)]).stream(), { maxEvent: Infinity })));
}

function payloadsIn({ body }: Answer): Json[] {
  const data = `${body}`.split("\n").filter((line) => line.startsWith("data: {"));
  return data.map((line) => JSON.parse(line.slice("data: ".length)) as Json);
}

const isCut = ({ body }: Answer): boolean => `${body}`.includes('"finish_reason":"length"');

/** What the SDKs add to an answer. */
const sugar = new Set(["parsed", "parsed_output", "parsed_arguments", "output_parsed", "output_text"]);

/** A value as JSON has it, without what the SDKs add; what a tool is called with as what it spells, however it does. */
function plain(value: unknown): Json {
  const told = JSON.parse(JSON.stringify(value), (key, field: unknown) => {
    if (sugar.has(key)) return undefined;
    return key === "arguments" ? spelled(field as string) : field;
  }) as Json;
  return makeWellFormed(told);
}

function spelled(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}

type Comparable = (final: Json, scenario: Scenario, streamed: Answer) => Json;

/** The final answer of a stream without that in which, by design, it differs from the whole one. */
const comparable: Record<DialectName, Comparable> = {
  anthropic: (final, { cutCall }, streamed) => {
    if (cutCall) final["content"].pop();
    // The SDK does not look for it at the end, where an agent's is the sum of its messages.
    const end = payloadsIn(streamed).find(({ type }) => type === "message_delta");
    Object.assign(final["usage"], end?.["usage"]);
    return final;
  },
  chat: (final, { cutCall }, streamed) => {
    const { message } = final["choices"][0];
    const deltas = payloadsIn(streamed).flatMap(({ choices }) => choices.map(({ delta }: Json) => delta as Json));
    // Nobody knows at the start whether there will be a text, and chunks have no annotations at all.
    const text = deltas.some(({ role, content }) => role === undefined && content !== undefined);
    Object.assign(message, { annotations: [], content: text ? message.content : null });
    // Of a field that it does not know, the SDK keeps the last piece only.
    const thoughts = deltas.map(({ reasoning_content }) => reasoning_content ?? "").join("");
    if (thoughts !== "") message.reasoning_content = thoughts;
    if (cutCall && message.tool_calls.length > 1) message.tool_calls.pop();
    else if (cutCall) delete message.tool_calls;
    return final;
  },
  responses: (final, { cutCall }) => {
    if (cutCall) final["output"].pop();
    return final;
  },
};

type Failure = AnthropicApiError | OpenAiApiError;

/** The class of an error without a status of its own. */
const generic = { anthropic: AnthropicApiError, chat: OpenAiApiError, responses: OpenAiApiError };

const ofAnthropic: Record<number, unknown> = {
  400: Anthropic.BadRequestError,
  401: Anthropic.AuthenticationError,
  402: Anthropic.PaymentRequiredError,
  403: Anthropic.PermissionDeniedError,
  404: Anthropic.NotFoundError,
  413: Anthropic.ContentTooLargeError,
  429: Anthropic.RateLimitError,
  500: Anthropic.InternalServerError,
  502: Anthropic.InternalServerError,
  504: Anthropic.GatewayTimeoutError,
  529: Anthropic.OverloadedError,
};

const ofOpenAi: Record<number, unknown> = {
  400: OpenAI.BadRequestError,
  401: OpenAI.AuthenticationError,
  402: OpenAiApiError,
  403: OpenAI.PermissionDeniedError,
  404: OpenAI.NotFoundError,
  413: OpenAiApiError,
  429: OpenAI.RateLimitError,
  500: OpenAI.InternalServerError,
  502: OpenAI.InternalServerError,
  503: OpenAI.InternalServerError,
  504: OpenAI.InternalServerError,
};

/** The error that a reader throws. */
async function failureOf(reading: Promise<unknown>): Promise<Failure> {
  const thrown = await reading.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof AnthropicApiError || thrown instanceof OpenAiApiError) return thrown;
  throw new Error("The answer was read as a good one", { cause: thrown });
}

function expectRefusal(dialect: DialectName, { status, body }: Answer, failure: Failure): void {
  const answered = JSON.parse(`${body}`) as Json;
  expect(failure.status).toBe(status);
  expect<unknown>(failure.constructor).toBe((dialect === "anthropic" ? ofAnthropic : ofOpenAi)[status]);
  expect(failure.error).toEqual(dialect === "anthropic" ? answered : answered["error"]);
}
