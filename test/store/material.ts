import type { StoredResponse } from "../../src/dialect/responses/memory.ts";
import { openResponse } from "../../src/dialect/responses/response.ts";
import { requestSchema } from "../../src/dialect/responses/schema.ts";

/** A response as the encoder hands it to the store. */
export function storedResponse(id: string, previous?: string, text = "What is stored"): StoredResponse {
  const wire = requestSchema.parse({ input: "a", previous_response_id: previous });
  const message = { type: "message" as const, status: "completed" as const };
  return {
    response: {
      ...openResponse(wire, "opus", true),
      id,
      status: "completed",
      output: [
        {
          ...message,
          id: `msg_${id}_out`,
          role: "assistant",
          content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
        },
      ],
    },
    input: [{ ...message, id: `msg_${id}_in`, role: "user", content: [{ type: "input_text", text: "a" }] }],
    pieces: [[text.length]],
  };
}
