import { expect } from "bun:test";
import type { SseMessage } from "../../../src/dialect/dialect.ts";
import { expectTypes } from "../types.ts";

/** An event as a client reads it: what tests look at has a type, the rest is there. */
export interface WireEvent {
  type: string;
  sequence_number: number;
  output_index: number;
  item_id: string;
  delta: string;
  item: { id: string; type: string; status?: string; content?: { type: string }[]; [field: string]: unknown };
  response: { id: string; status: string; output: { id: string }[]; [field: string]: unknown };
  [field: string]: unknown;
}

/** The events of a stream, without `[DONE]`. */
export const eventsIn = (messages: readonly SseMessage[]): WireEvent[] =>
  messages.flatMap(({ data }) => (data === "[DONE]" ? [] : (JSON.parse(data) as WireEvent)));

/**
 * Fails where a stream leaves the grammar of api-dialects 3.3: names, numbers, order, ids, and texts that differ between
 * the deltas, the ends and the whole. An independent reading of the specification, not of the encoder.
 */
export function expectGrammar(messages: readonly SseMessage[]): void {
  expect(messages.at(-1)).toEqual({ data: "[DONE]" });
  expect(messages.filter(({ data }) => data === "[DONE]")).toHaveLength(1);
  const events = eventsIn(messages);
  expect(messages.slice(0, -1).map(({ event }) => event)).toEqual(events.map(({ type }) => type));
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, number) => number));

  const reader = new Reader(events);
  const created = reader.take("response.created");
  expect(reader.take("response.in_progress").response).toEqual(created.response);
  expect(created.response).toMatchObject({ status: "in_progress", output: [], usage: null, completed_at: null });
  const items: unknown[] = [];
  while (reader.next === "response.output_item.added") items.push(readItem(reader, items.length));
  expect(new Set((items as { id: string }[]).map(({ id }) => id)).size).toBe(items.length);

  if (reader.next === "error") {
    const { error } = reader.take("error");
    expect(Object.keys(error as object).sort()).toEqual(["code", "message", "param", "type"]);
    expect(reader.next).toBe("response.failed");
  }
  const last = reader.take("response.completed", "response.incomplete", "response.failed");
  expect(last.type).toBe(`response.${last.response.status}`);
  expect(last.response.id).toBe(created.response.id);
  expect<unknown>(last.response.output).toEqual(items);
  expect(Object.keys(last.response).sort()).toEqual(Object.keys(created.response).sort());
  expect(reader.next).toBeUndefined();
}

class Reader {
  #position = 0;

  constructor(readonly events: readonly WireEvent[]) {}

  get next(): string | undefined {
    return this.events[this.#position]?.type;
  }

  take(...types: string[]): WireEvent {
    expect(types).toContain(this.next ?? "nothing");
    return this.events[this.#position++] as WireEvent;
  }

  /** The joined deltas of a run. */
  deltas(type: string, fields: object): string {
    let text = "";
    while (this.next === type) {
      const event = this.take(type);
      expect(event).toMatchObject(fields);
      expect(event.delta).not.toBe("");
      text += event.delta;
    }
    return text;
  }
}

function readItem(reader: Reader, output_index: number): unknown {
  const { item: begun, ...added } = reader.take("response.output_item.added");
  expect(added).toMatchObject({ output_index });
  const at = { item_id: begun.id, output_index };
  if (begun.type === "message") readMessage(reader, begun, at);
  else if (begun.type === "function_call") readCall(reader, begun, at);
  else readReasoning(reader, begun, at);
  const { item, ...done } = reader.take("response.output_item.done");
  expect(done).toMatchObject({ output_index });
  expect(item).toMatchObject({ id: begun.id, type: begun.type });
  if (begun.type !== "reasoning") expect(["completed", "incomplete"]).toContain(item.status ?? "");
  return item;
}

function readMessage(reader: Reader, begun: WireEvent["item"], at: object): void {
  expect(begun).toMatchObject({ status: "in_progress", role: "assistant", content: [] });
  expect(begun.id).toStartWith("msg_");
  const place = { ...at, content_index: 0 };
  const { part } = reader.take("response.content_part.added");
  const refusal = (part as { type: string }).type === "refusal";
  const name = refusal ? "refusal" : "output_text";
  const field = refusal ? "refusal" : "text";
  const logprobs = refusal ? {} : { logprobs: [] };
  const text = reader.deltas(`response.${name}.delta`, { ...place, ...logprobs });
  expect(reader.take(`response.${name}.done`)).toMatchObject({ ...place, ...logprobs, [field]: text });
  expect(reader.take("response.content_part.done")).toMatchObject({ ...place, part: { type: name, [field]: text } });
}

function readCall(reader: Reader, begun: WireEvent["item"], at: object): void {
  expect(begun).toMatchObject({ status: "in_progress", arguments: "", call_id: expect.any(String) });
  expect(begun.id).toStartWith("fc_");
  const json = reader.deltas("response.function_call_arguments.delta", at);
  expect(reader.take("response.function_call_arguments.done")).toMatchObject({
    ...at,
    name: begun["name"],
    arguments: json,
  });
  expect(json).not.toBe("");
}

function readReasoning(reader: Reader, begun: WireEvent["item"], at: object): void {
  expect(begun).toEqual({ id: expect.stringMatching(/^rs_/), type: "reasoning", summary: [] });
  if (reader.next !== "response.reasoning_summary_part.added") return;
  const place = { ...at, summary_index: 0 };
  expect(reader.take("response.reasoning_summary_part.added")).toMatchObject(place);
  const text = reader.deltas("response.reasoning_summary_text.delta", place);
  expect(reader.take("response.reasoning_summary_text.done")).toMatchObject({ ...place, text });
  const part = { type: "summary_text", text };
  expect(reader.take("response.reasoning_summary_part.done")).toMatchObject({ ...place, part });
}

/** A response as it is told outside of a stream. */
export function expectResponse(response: Record<string, any>): void {
  expect(response["id"]).toStartWith("resp_");
  expect(response["object"]).toBe("response");
  expect(["completed", "incomplete", "failed"]).toContain(response["status"]);
  expectTypes(response, { model: "string", output: "array", tools: "array", text: "object", metadata: "object" });
  for (const { id, type } of response["output"]) expect(id).toStartWith(prefixes[type] ?? "nothing");
}

const prefixes: Readonly<Record<string, string>> = { message: "msg_", function_call: "fc_", reasoning: "rs_" };
