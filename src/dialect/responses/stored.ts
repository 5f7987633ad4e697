/** What the storage routes answer (api-dialects 3.4). */

import { ProxyError } from "../../error.ts";
import { invalidRequest } from "../../messages/invalid.ts";
import type { SseMessage } from "../dialect.ts";
import { type Item, type OutputItem, withoutSeal } from "./items.ts";
import type { Memory, StoredResponse } from "./memory.ts";
import { OpenCall, type OpenItem, OpenReasoning, OpenRefusal, OpenText } from "./open-items.ts";
import { type ResponseObject, showResponse } from "./response.ts";
import { EventWriter } from "./writer.ts";

/** The stored response; throws `not_found` where there is none. */
export function findResponse({ responses }: Memory, id: string): StoredResponse {
  const stored = responses.get(id);
  if (stored === undefined) throw notFound(id);
  return stored;
}

/** `GET /v1/responses/{id}`. */
export function encodeStored({ response }: StoredResponse, query: URLSearchParams): ResponseObject {
  return showResponse(response, asksForSeals(query));
}

/** `GET /v1/responses/{id}?stream=true&starting_after=n`: the events that there were, those after the n-th. */
export function replay({ response, pieces }: StoredResponse, query: URLSearchParams): SseMessage[] {
  const after = query.get("starting_after") ?? "-1";
  if (!/^-?\d{1,15}$/.test(after)) throw invalidRequest("starting_after", "Input should be a valid integer");
  const messages: SseMessage[] = [];
  const writer = new EventWriter(asksForSeals(query), (data, event) =>
    messages.push(event === undefined ? { data } : { event, data }),
  );
  const opening = { completed_at: null, error: null, incomplete_details: null, output: [], usage: null };
  writer.begin({ ...response, ...opening, status: "in_progress" });
  for (const [index, item] of response.output.entries()) {
    writer.open(reopen(item));
    let rest = textOf(item);
    for (const length of pieces[index] ?? [rest.length]) {
      writer.piece(rest.slice(0, length));
      rest = rest.slice(length);
    }
    writer.close(item.type === "reasoning" ? "completed" : item.status);
  }
  const { error } = response;
  if (error === null) writer.end(response);
  else writer.fail(response, { type: "server_error", param: null, ...error });
  // The end of the stream has no number, and belongs to every answer.
  return messages.filter((_, number) => number > Number(after) || number === messages.length - 1);
}

/** `GET /v1/responses/{id}/input_items`: a page of them, the newest first unless asked otherwise. */
export function encodeInputItems({ input }: StoredResponse, query: URLSearchParams) {
  const limit = limitOf(query.get("limit"));
  const order = query.get("order") ?? "desc";
  if (order !== "asc" && order !== "desc") throw invalidRequest("order", "Input should be 'asc' or 'desc'");
  const items = order === "asc" ? input : input.toReversed();
  const after = query.get("after");
  const start = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== null && start === 0) throw invalidRequest("after", "there is no item with this id");
  const page: Item[] = items.slice(start, start + limit);
  return {
    object: "list" as const,
    data: asksForSeals(query) ? page : page.map(withoutSeal),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: start + limit < items.length,
  };
}

/** `DELETE /v1/responses/{id}`. */
export function deleteStored({ responses }: Memory, id: string) {
  if (!responses.delete(id)) throw notFound(id);
  return { id, object: "response" as const, deleted: true as const };
}

/** `POST /v1/responses/{id}/cancel`: what is stored has ended. */
export function refuseCancel(): never {
  throw new ProxyError(
    "invalid_request",
    "Only responses with `background: true` can be cancelled, and there are none.",
  );
}

function notFound(id: string): ProxyError {
  return new ProxyError("not_found", `Response with id '${id.slice(0, 100)}' not found.`, { param: "response_id" });
}

function reopen(item: OutputItem): OpenItem {
  switch (item.type) {
    case "message":
      return item.content[0]?.type === "refusal" ? new OpenRefusal(item.id) : new OpenText(item.id);
    case "function_call":
      return new OpenCall(item.call_id, item.name, item.id);
    case "reasoning": {
      const open = new OpenReasoning(item.id);
      open.sealed = item.encrypted_content;
      return open;
    }
  }
}

/** What the deltas of an item bring, one after the other. */
function textOf(item: OutputItem): string {
  if (item.type === "function_call") return item.arguments;
  if (item.type === "reasoning") return item.summary.map(({ text }) => text).join("");
  const [part] = item.content;
  return part?.type === "refusal" ? part.refusal : part?.type === "output_text" ? part.text : "";
}

function asksForSeals(query: URLSearchParams): boolean {
  const asked = ["include", "include[]"].flatMap((name) => query.getAll(name));
  return asked.includes("reasoning.encrypted_content");
}

function limitOf(given: string | null): number {
  if (given === null) return 20;
  const limit = /^\d{1,3}$/.test(given) ? Number(given) : 0;
  if (limit < 1 || limit > 100) throw invalidRequest("limit", "Input should be an integer from 1 to 100");
  return limit;
}
