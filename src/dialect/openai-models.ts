import type { Model } from "../messages/types.ts";

/** One model of `GET /v1/models` and the answer of `GET /v1/models/{id}` (api-dialects 2.4). */
export function encodeModel({ id, created }: Model) {
  return { id, object: "model" as const, created, owned_by: "anthropic" };
}

/** The answer of `GET /v1/models`; this API has no pages. */
export function encodeModels(models: readonly Model[]) {
  return { object: "list" as const, data: models.map(encodeModel) };
}
