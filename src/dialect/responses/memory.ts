/** What the Responses API keeps from one request to the next. The store implements it. */

import type { ProxyError } from "../../error.ts";
import type { Item } from "./items.ts";
import type { ResponseObject } from "./response.ts";

export interface Memory {
  readonly responses: ResponseStore;
  readonly seal: Seal;
}

/** A finished response with all that it takes to answer for it later: to continue it, to list it, to stream it again. */
export interface StoredResponse {
  /** The response as the API has it, with the sealed content of its reasoning. */
  response: ResponseObject;
  /** The items of its own request, without those of the responses before it. */
  input: Item[];
  /** The lengths of the deltas that told of each output item: a replay has the same events, under the same numbers. */
  pieces: number[][];
}

/** Where it can't be opened, each method but `fault` and `save` throws what `fault` gives. */
export interface ResponseStore {
  /** Why nothing can be stored or found just now. */
  fault(): ProxyError | undefined;
  /** False, and an entry in the log, where it could not be stored. */
  save(stored: StoredResponse): boolean;
  get(id: string): StoredResponse | undefined;
  /** The responses that it continues, the first one first, and itself. Undefined if any is missing. */
  chain(id: string): StoredResponse[] | undefined;
  /** An item of any stored response. */
  item(id: string): Item | undefined;
  /** False when there is no such response. */
  delete(id: string): boolean;
}

/** What a sealed text is for: one sealed for one purpose can't be opened for another. */
export type SealPurpose = "reasoning" | "compaction";

/** Texts that clients carry for us and can neither read nor change. */
export interface Seal {
  close(purpose: SealPurpose, text: string): string;
  /** Undefined for what was not sealed here, or was changed. */
  open(purpose: SealPurpose, sealed: string): string | undefined;
}
