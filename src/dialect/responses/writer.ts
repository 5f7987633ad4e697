import type { ProxyError } from "../../error.ts";
import type { Say } from "../dialect.ts";
import { errorObject } from "../openai-errors.ts";
import { type ItemStatus, type OutputItem, withoutSeal } from "./items.ts";
import type { ItemEvent, OpenItem } from "./open-items.ts";
import { type ResponseObject, showResponse } from "./response.ts";

/** An event as a client gets it. */
export type ResponseEvent = Told & { sequence_number: number };

type Told =
  | { type: "response.created" | `response.${ResponseObject["status"]}`; response: ResponseObject }
  | { type: "response.output_item.added" | "response.output_item.done"; output_index: number; item: OutputItem }
  | (ItemEvent & { item_id: string; output_index: number })
  | { type: "error"; error: ReturnType<typeof errorObject> };

/**
 * The events of one response in their strict grammar (api-dialects 3.3): numbered from 0 without a gap, items one after
 * the other, each with its start and its end. Who calls it knows only of items and their pieces.
 */
export class EventWriter {
  readonly output: OutputItem[] = [];
  /** The lengths of the pieces of each item. */
  readonly pieces: number[][] = [];
  #sequence = 0;
  #open: OpenItem | undefined;

  /** `sealed`: whether the client sees the sealed content of reasoning. */
  constructor(
    readonly sealed: boolean,
    readonly say: Say,
  ) {}

  /** `response` is the one that has no output yet. */
  begin(response: ResponseObject): void {
    this.#event({ type: "response.created", response });
    this.#event({ type: "response.in_progress", response });
  }

  open(item: OpenItem): void {
    this.#open = item;
    this.pieces.push([]);
    const output_index = this.output.length;
    this.#event({ type: "response.output_item.added", output_index, item: item.begun() });
    this.#tell(item, item.start());
  }

  /** More of the open item; nothing is no event. */
  piece(delta: string): void {
    if (this.#open === undefined || delta === "") return;
    this.pieces.at(-1)?.push(delta.length);
    this.#tell(this.#open, this.#open.piece(delta));
  }

  /** The end of the open item, if there is one. */
  close(status: ItemStatus): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#open = undefined;
    this.#tell(open, open.end());
    const item = open.done(status);
    const output_index = this.output.push(item) - 1;
    const shown = this.sealed ? item : withoutSeal(item);
    this.#event({ type: "response.output_item.done", output_index, item: shown });
  }

  /** The last events; `response` is the whole one. */
  end(response: ResponseObject): void {
    const shown = showResponse(response, this.sealed);
    this.#event({ type: `response.${response.status}`, response: shown });
    this.say("[DONE]");
  }

  /** The last events of a response that failed: SDKs act on the first, Codex on the second. */
  fail(response: ResponseObject, error: ReturnType<typeof errorObject>): void {
    this.#event({ type: "error", error });
    this.end(response);
  }

  #tell(item: OpenItem, events: readonly ItemEvent[]): void {
    const at = { item_id: item.id, output_index: this.output.length };
    for (const event of events) this.#event({ ...event, ...at });
  }

  #event(told: Told): void {
    const event: ResponseEvent = { ...told, sequence_number: this.#sequence++ };
    this.say(JSON.stringify(event), event.type);
  }
}

/** What a failed response says of its error; a code is required here. */
export function responseError(error: ProxyError): { code: string; message: string } {
  const { code, message } = errorObject(error);
  return { code: code ?? "server_error", message };
}
