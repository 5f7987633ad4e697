/** Conversations over HTTP, in the three APIs: what the clients of the measured programs do. */

import { readSse } from "../../../src/wire/sse.ts";
import type { Tool } from "../../../src/messages/types.ts";
import { system, tools } from "../material.ts";
import { toolName } from "./questions.ts";

export const apis = ["chat", "messages", "responses"] as const;
export type Api = (typeof apis)[number];

/** A program's answer. */
export interface Answer {
  /** Milliseconds from the question to the first text or call. */
  first: number;
  /** Milliseconds to the end. */
  total: number;
  text: string;
  /** The pieces of the text, and when they came (milliseconds since the epoch). */
  pieces: { text: string; at: number }[];
  /** The call of a tool that it ends with. */
  call?: Call;
}

export interface Call {
  id: string;
  arguments: string;
}

/** One conversation with whatever is measured. */
export interface Conversation {
  say(question: string): Promise<Answer>;
  /** Gives the result of a call, or what comes next to it where a program knows no calls. */
  result(call: Call, text: string): Promise<Answer>;
  /** Whether a call is a text, as far as can be seen, and its result what is said next. */
  readonly callsAreTold: boolean;
}

/** Something that a program can't do, as it turned out. */
export class Unable extends Error {}

export interface Target {
  readonly url: string;
  readonly model: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Turn {
  role: "user" | "assistant" | "tool";
  content: string | null;
  tool_calls?: object[];
  tool_call_id?: string;
}

const paths: Readonly<Record<Api, string>> = {
  chat: "/v1/chat/completions",
  messages: "/v1/messages",
  responses: "/v1/responses",
};

/**
 * A conversation in one of the APIs: with a system prompt and five tools if no others are told, the whole history in each
 * request. `earlier` are questions and answers before the first.
 */
export function converse(
  target: Target,
  api: Api,
  signal: AbortSignal,
  {
    offered = tools,
    earlier = [],
  }: { offered?: readonly Tool[]; earlier?: readonly (readonly [string, string])[] } = {},
): Conversation {
  const turns: Turn[] = earlier.flatMap(([question, answer]) => [
    { role: "user", content: question },
    { role: "assistant", content: answer },
  ]);
  const ask = async (turn: Turn): Promise<Answer> => {
    turns.push(turn);
    const answer = await request(target, api, bodyOf(api, target.model, turns, offered), signal);
    const { text, call } = answer;
    const called = { name: toolName, arguments: call?.arguments };
    const tool_calls = [{ id: call?.id, type: "function", function: called }];
    turns.push({ role: "assistant", content: text || null, ...(call && { tool_calls }) });
    return answer;
  };
  return {
    callsAreTold: false,
    say: (content) => ask({ role: "user", content }),
    result: (call, content) => ask({ role: "tool", tool_call_id: call.id, content }),
  };
}

async function request({ url, headers }: Target, api: Api, asked: object, signal: AbortSignal): Promise<Answer> {
  const body = JSON.stringify(asked);
  const began = performance.now();
  const response = await fetch(url + paths[api], {
    method: "POST",
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "any", ...headers },
    body,
    signal,
  });
  if (response.status === 404) throw new Unable(`it has no ${paths[api]}`);
  if (!response.ok || !response.body) {
    const said = `${response.status}: ${await response.text()}`;
    throw said.includes("not supported") ? new Unable(`it answers ${said}`) : new Error(`Status ${said}`);
  }
  let first: number | undefined;
  let text = "";
  const pieces: Answer["pieces"] = [];
  let call: Call | undefined;
  for await (const messages of readSse(response.body, { maxEvent: 1e7 })) {
    const at = performance.timeOrigin + performance.now();
    for (const { data } of messages) {
      const piece = data === "[DONE]" ? {} : pieceOf(api, JSON.parse(data) as Event);
      if (piece.text === undefined && piece.call === undefined) continue;
      first ??= performance.now() - began;
      text += piece.text ?? "";
      if (piece.text !== undefined) pieces.push({ text: piece.text, at });
      if (piece.call) {
        call ??= { id: "", arguments: "" };
        call.id ||= piece.call.id ?? "";
        call.arguments += piece.call.function?.arguments ?? "";
      }
    }
  }
  if (first === undefined) throw new Error("The answer has neither text nor a call");
  return { first, total: performance.now() - began, text, pieces, ...(call && { call }) };
}

function bodyOf(api: Api, model: string, turns: Turn[], tools: readonly Tool[]): object {
  switch (api) {
    case "chat": {
      const functions = tools.map(({ name, description, input_schema }) => ({
        name,
        description,
        parameters: input_schema,
      }));
      const messages = [{ role: "system", content: system }, ...turns];
      return { model, stream: true, messages, tools: functions.map((one) => ({ type: "function", function: one })) };
    }
    case "messages":
      return { model, stream: true, max_tokens: 32_000, system, messages: turns, tools };
    case "responses": {
      const functions = tools.map(({ name, description, input_schema }) => ({
        name,
        description,
        parameters: input_schema,
      }));
      const offered = functions.map((one) => ({ type: "function", strict: false, ...one }));
      return { model, stream: true, store: false, instructions: system, input: turns, tools: offered };
    }
  }
}

/** A piece of a call. */
interface Piece {
  id?: string;
  function?: { arguments?: string };
}

/** The fields of the three APIs' events that matter here. */
interface Event {
  type?: string;
  error?: unknown;
  choices?: { delta?: { content?: string | null; tool_calls?: Piece[] } }[];
  delta?: string | { type?: string; text?: string };
}

function pieceOf(api: Api, event: Event): { text?: string; call?: Piece } {
  if (event.error) throw new Error(`The answer broke off: ${JSON.stringify(event.error)}`);
  if (api === "chat") {
    const { content, tool_calls } = event.choices?.[0]?.delta ?? {};
    return { ...(content && { text: content }), ...(tool_calls?.[0] && { call: tool_calls[0] }) };
  }
  const { delta } = event;
  if (event.type === "response.output_text.delta" && typeof delta === "string") return { text: delta };
  if (typeof delta === "object" && delta.type === "text_delta" && delta.text) return { text: delta.text };
  return {};
}
