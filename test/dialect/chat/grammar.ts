import { expect } from "bun:test";
import type { SseMessage } from "../../../src/dialect/dialect.ts";
import { expectTypes } from "../types.ts";

interface Chunk {
  id: string;
  created: number;
  choices: { delta: Delta; finish_reason: string | null }[];
  usage?: unknown;
  error?: unknown;
  [field: string]: unknown;
}

interface Delta {
  role?: string;
  content?: unknown;
  tool_calls?: [{ index: number; id?: string; type?: string; function: { name?: string; arguments: unknown } }];
  function_call?: { name?: string; arguments: unknown };
  [field: string]: unknown;
}

/** What an answer may finish with. */
export const finishReasons = ["stop", "length", "tool_calls", "content_filter", "function_call"];

/**
 * Fails where a stream leaves the grammar of api-dialects 2.3: one head, chunks of one kind each, calls numbered in turn,
 * one finish. Gives how it ended. An independent reading of the specification, not of the encoder.
 */
export function expectGrammar(messages: readonly SseMessage[]): "whole" | "error" {
  expect(messages.every(({ event }) => event === undefined)).toBe(true);
  const data = messages.map((message) => message.data);
  const done = data.at(-1) === "[DONE]";
  const chunks = (done ? data.slice(0, -1) : data).map((json) => JSON.parse(json) as Chunk);
  const failure = done ? undefined : chunks.pop();
  if (!done) expectError(failure?.error);

  const [head, ...rest] = chunks;
  if (head === undefined && !done) return "error";
  expect(head?.choices).toEqual([
    {
      index: 0,
      delta: { role: "assistant", content: "", refusal: null },
      logprobs: null,
      finish_reason: null,
    } as never,
  ]);
  const constant = ({ id, created, model }: Chunk) => ({ id, created, model, object: "chat.completion.chunk" });
  for (const chunk of chunks) expect(chunk).toMatchObject(constant(head as Chunk));
  const usage = rest.at(-1)?.choices.length === 0 ? rest.pop() : undefined;
  if (usage) expectTypes(usage.usage as object, { prompt_tokens: "number", total_tokens: "number" });

  const finish = done ? rest.pop()?.choices[0] : undefined;
  if (done) expect(finish?.delta).toEqual({});
  if (done) expect(finishReasons).toContain(finish?.finish_reason ?? "");
  readDeltas(rest);
  return done ? "whole" : "error";
}

export function expectError(error: unknown): void {
  const perhaps = ["string", "null"] as const;
  expectTypes(error as object, { message: "string", type: "string", param: perhaps, code: perhaps });
  expect(Object.keys(error as object)).toHaveLength(4);
}

function readDeltas(chunks: readonly Chunk[]): void {
  let calls = 0;
  for (const { choices } of chunks) {
    expect(choices).toHaveLength(1);
    const [{ delta, finish_reason }] = choices as [Chunk["choices"][0]];
    expect(finish_reason).toBeNull();
    const [kind, ...others] = Object.keys(delta);
    expect(others).toEqual([]);
    expect(["content", "reasoning_content", "refusal", "tool_calls", "function_call"]).toContain(kind ?? "");
    const call = delta.tool_calls?.[0] ?? (delta.function_call && { index: 0, function: delta.function_call });
    if (call === undefined) {
      expect(delta[kind ?? ""]).toBeString();
      continue;
    }
    expect(call.function.arguments).toBeString();
    if (call.function.name !== undefined) expect(call.index).toBe(calls++);
    else expect(call.index).toBe(calls - 1);
    if (delta.tool_calls && call.function.name !== undefined) {
      expect([call.type, call.function.arguments]).toEqual(["function", ""]);
      expect(call.id).toBeString();
    }
  }
}
