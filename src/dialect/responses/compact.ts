import { invalidRequest } from "../../messages/invalid.ts";
import { noUsage } from "../../messages/usage.ts";
import { makeWellFormed } from "../../messages/well-formed.ts";
import { validate } from "../validate.ts";
import { type PlacedItem, readHistory, readInput } from "./input.ts";
import { type CompactionItem, type Item, mintItemId, mintResponseId } from "./items.ts";
import type { Memory, Seal } from "./memory.ts";
import { encodeUsage, seconds } from "./response.ts";
import { compactSchema } from "./schema.ts";

/** What the header `x-sluice-warning` says of a compaction. */
export const compactWarning = "the compaction item holds the whole conversation; nothing was summarised";

/**
 * `POST /v1/responses/compact`: the whole conversation, sealed in one item. Nothing is lost and no model is asked, so it
 * makes the client's requests shorter, not the model's context.
 */
export function compact(body: unknown, defaultModel: string | undefined, memory: Memory) {
  const { model, input, previous_response_id } = makeWellFormed(validate(compactSchema, body));
  if (model === undefined && defaultModel === undefined) {
    throw invalidRequest("model", "Field required", "missing_required_parameter");
  }
  const history = readHistory(previous_response_id, memory);
  const placed = [...history, ...readInput(input, memory).items];
  if (placed.length === 0) throw invalidRequest("input", "Field required", "missing_required_parameter");
  const items = expandCompactions(placed, memory.seal).items.map(({ item }) => item);
  const encrypted_content = memory.seal.close("compaction", JSON.stringify(items));
  const item: CompactionItem = { type: "compaction", id: mintItemId("compaction"), encrypted_content };
  return {
    id: mintResponseId(),
    object: "response.compaction" as const,
    created_at: seconds(),
    output: [item],
    usage: encodeUsage(noUsage),
  };
}

/** The items with those that compactions hold in their place, and the fields of compactions that can't be opened. */
export function expandCompactions(placed: readonly PlacedItem[], seal: Seal | undefined) {
  const foreignPaths: string[] = [];
  const items = placed.flatMap(({ item, path }): PlacedItem[] => {
    if (item.type !== "compaction") return [{ item, path }];
    const text = seal?.open("compaction", item.encrypted_content);
    if (text === undefined) {
      foreignPaths.push(path);
      return [];
    }
    // Only we could have sealed it, and what we sealed were items.
    return (JSON.parse(text) as Item[]).map((held) => ({ item: held, path }));
  });
  return { items, foreignPaths };
}
