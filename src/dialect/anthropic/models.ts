import { invalidRequest } from "../../messages/invalid.ts";
import type { Model } from "../../messages/types.ts";

/** One model of `GET /v1/models` and the answer of `GET /v1/models/{id}` (api-dialects 1.4). */
export function encodeModel({ id, display_name, created, line }: Model) {
  return {
    type: "model" as const,
    id,
    display_name,
    created_at: new Date(created * 1000).toISOString(),
    // Claude Code tells nothing of sizes, and of the capabilities only some, where the API knows all or none.
    max_input_tokens: null,
    max_tokens: null,
    capabilities: null,
    deprecated_at: null,
    retires_at: null,
    lifecycle: "active" as const,
    line: line ?? null,
  };
}

/**
 * A page of `GET /v1/models?limit&after_id&before_id&lifecycle`. Throws `invalid_request` for a limit outside 1..1000, for an id
 * that is not in the list, and for both directions at once.
 */
export function encodeModels(all: readonly Model[], query: URLSearchParams) {
  const stages = ["lifecycle", "lifecycle[]"].flatMap((name) => query.getAll(name));
  const models = stages.length === 0 || stages.includes("active") ? all : [];
  const limit = limitOf(query.get("limit"));
  const after = query.get("after_id");
  const before = query.get("before_id");
  if (after !== null && before !== null) throw invalidRequest("before_id", "it can't be combined with `after_id`");

  const end = before === null ? models.length : positionOf(models, before, "before_id");
  const start = after === null ? 0 : positionOf(models, after, "after_id") + 1;
  const page = before === null ? models.slice(start, start + limit) : models.slice(Math.max(0, end - limit), end);
  return {
    data: page.map(encodeModel),
    has_more: page.length < end - start,
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
  };
}

function limitOf(given: string | null): number {
  if (given === null) return 20;
  const limit = /^\d+$/.test(given) ? Number(given) : 0;
  if (limit < 1 || limit > 1000) throw invalidRequest("limit", "Input should be an integer from 1 to 1000");
  return limit;
}

function positionOf(models: readonly Model[], id: string, param: string): number {
  const position = models.findIndex((model) => model.id === id);
  if (position < 0) throw invalidRequest(param, "there is no model with this id");
  return position;
}
