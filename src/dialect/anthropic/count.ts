import type { Counting } from "../dialect.ts";
import { decode } from "./lazy-decode.ts";

/** `POST /v1/messages/count_tokens` (api-dialects 1.4): a Messages request but for what only an answer needs. */
export const count = {
  decode(body, context) {
    const { request, warnings } = decode(withoutAnswer(body), context);
    const betas = request.betas?.filter((beta) => !beta.startsWith("token-counting"));
    return { request: { ...request, max_tokens: undefined, betas }, warnings };
  },
  encode: (input_tokens) => ({ input_tokens }),
} satisfies Counting;

/** The body with a `max_tokens` that no budget exceeds, which Messages requires and a count does not. */
function withoutAnswer(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return { ...body, max_tokens: Number.MAX_SAFE_INTEGER, stream: false };
}
