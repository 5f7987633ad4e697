import type { Counting } from "../dialect.ts";
import { decode } from "./lazy-decode.ts";

/** `POST /v1/responses/input_tokens` (api-dialects 3.4): a Responses request that is neither answered nor stored. */
export const count = {
  decode(body, context) {
    const { request, warnings } = decode(withoutAnswer(body), context);
    return { request, warnings };
  },
  encode: (input_tokens) => ({ object: "response.input_tokens" as const, input_tokens }),
} satisfies Counting;

function withoutAnswer(body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  return { ...body, store: false, stream: false };
}
