import { z } from "zod";
import type { RedactedThinkingBlock, ThinkingBlock } from "../../messages/types.ts";
import type { Seal } from "./memory.ts";

/** What `encrypted_content` of a reasoning item carries. */
type Thought = ThinkingBlock | RedactedThinkingBlock;

const thought = z.discriminatedUnion("type", [
  z.object({ type: z.literal("thinking"), thinking: z.string(), signature: z.string() }),
  z.object({ type: z.literal("redacted_thinking"), data: z.string() }),
]);

/** Thinking as a text that the client carries back to us, so that the API gets what it has signed. */
export function sealReasoning(seal: Seal, block: Thought): string {
  return seal.close("reasoning", JSON.stringify(block));
}

/** The thinking in a text that was sealed here; undefined for any other. */
export function openReasoning(seal: Seal, sealed: string): Thought | undefined {
  const text = seal.open("reasoning", sealed);
  return text === undefined ? undefined : thought.parse(JSON.parse(text));
}
