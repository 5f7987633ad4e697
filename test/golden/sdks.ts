/** The official SDKs as readers of bytes that are there already. */

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import type { Answer } from "./answers.ts";
import { type Asked, type DialectName, requestOf } from "./requests.ts";

/** What a client gets as its answer; with a reader that streams, what its stream machine makes of the events. */
type Reader = (answer: Answer, asked: Asked) => Promise<unknown>;

/** The final answer of each strict stream machine. */
export const streamReaders: Readonly<Record<DialectName, Readonly<Record<string, Reader>>>> = {
  anthropic: {
    "messages.stream": (answer, asked) => anthropic(answer).messages.stream(bodyOf("anthropic", asked)).finalMessage(),
    "beta.messages.stream": (answer, asked) =>
      anthropic(answer).beta.messages.stream(bodyOf("anthropic", asked)).finalMessage(),
  },
  chat: {
    "chat.completions.stream": (answer, asked) =>
      openai(answer).chat.completions.stream(bodyOf("chat", asked)).finalChatCompletion(),
  },
  responses: {
    "responses.stream": (answer, asked) => openai(answer).responses.stream(bodyOf("responses", asked)).finalResponse(),
  },
};

/** The whole answer, which the SDKs parse and otherwise leave alone. */
export const wholeReaders: Readonly<Record<DialectName, Reader>> = {
  anthropic: (answer, asked) =>
    anthropic(answer).messages.create({ ...bodyOf<Anthropic.MessageCreateParams>("anthropic", asked), stream: false }),
  chat: (answer, asked) =>
    openai(answer).chat.completions.create({
      ...bodyOf<OpenAI.ChatCompletionCreateParams>("chat", asked),
      stream: false,
    }),
  responses: (answer, asked) =>
    openai(answer).responses.create({
      ...bodyOf<OpenAI.Responses.ResponseCreateParams>("responses", asked),
      stream: false,
    }),
};

const anthropic = (answer: Answer) => new Anthropic({ apiKey: "k", maxRetries: 0, fetch: returning(answer) });
const openai = (answer: Answer) => new OpenAI({ apiKey: "k", maxRetries: 0, fetch: returning(answer) });

function returning({ status, headers, body }: Answer) {
  return async () => new Response(new Uint8Array(body), { status, headers });
}

/** The request as the SDKs' own types have it; `stream` is theirs to say. */
function bodyOf<Body = any>(dialect: DialectName, asked: Asked): Body {
  const { stream: _, ...body } = requestOf(dialect, asked, false);
  return body as Body;
}
