import type { Item } from "../../../src/dialect/responses/items.ts";
import type { Memory, StoredResponse } from "../../../src/dialect/responses/memory.ts";
import { responses } from "../../../src/dialect/responses/index.ts";
import type { DecodeContext, Dialect } from "../../../src/dialect/dialect.ts";
import { context } from "../refusal.ts";

/** A memory that forgets with the test; its seals are letters, so that tests can read and forge them. */
export function createMemory(): Memory & { stored: Map<string, StoredResponse> } {
  const stored = new Map<string, StoredResponse>();
  const chain = (id: string | null): StoredResponse[] => {
    const last = id === null ? undefined : stored.get(id);
    return last === undefined ? [] : [...chain(last.response.previous_response_id), last];
  };
  const items = () => [...stored.values()].flatMap(({ input, response }): Item[] => [...input, ...response.output]);
  return {
    stored,
    responses: {
      fault: () => undefined,
      save: (one) => {
        stored.set(one.response.id, structuredClone(one));
        return true;
      },
      get: (id) => stored.get(id),
      chain: (id) => (stored.has(id) ? chain(id) : undefined),
      item: (id) => items().find((item) => item.id === id),
      delete: (id) => stored.delete(id),
    },
    seal: {
      close: (purpose, text) => `${purpose}:${text}`,
      open: (purpose, sealed) => (sealed.startsWith(`${purpose}:`) ? sealed.slice(purpose.length + 1) : undefined),
    },
  };
}

/** The context of a decode with a memory. */
export const remembering = (memory: Memory = createMemory()): DecodeContext => ({ ...context, memory });

/** The dialect bound to a memory, for what knows nothing of one. */
export const withMemory = (memory: Memory = createMemory()): Dialect => ({
  ...responses,
  decode: (body, given) => responses.decode(body, { ...given, memory }),
});
