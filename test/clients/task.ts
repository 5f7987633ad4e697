/** What every client is asked to do: to write a file, read it, and change it, each with a tool of its own. */

import { deepStrictEqual, doesNotMatch } from "node:assert";
import type { Mock, RequestBlock, RequestBody } from "../support/mock-anthropic.ts";
import { blocks, type Handler, text } from "../support/mock-anthropic.ts";
import { conversationIn } from "../support/seen.ts";
import type { Stage } from "./stage.ts";

export const file = "note.txt";
export const before = "Bonjour";
export const after = "Bonsoir";

export const prompt = `Write "${before}" to ${file}, read it, and change it to "${after}".`;

/** A call of a client's tool. */
export interface Call {
  name: string;
  input: Record<string, unknown>;
}

/** The task in the words of a client's tools, in this order. */
export type Steps = readonly [write: Call, read: Call, change: Call];

/** The upstream's part: one call after the other, each once the result of the one before is there, and then a text. */
export function lead(steps: Steps): Handler {
  return (body, _, n) => {
    if (!isTask(body, steps)) return text("A note");
    const step = steps[resultsIn(body).length];
    const said =
      step === undefined
        ? { type: "text" as const, text: `${file} says "${after}".` }
        : { type: "tool_use" as const, id: `toolu_${n}`, ...step };
    const thinks = (body["thinking"] as { type?: string } | undefined)?.type ?? "disabled";
    return blocks(thinks === "disabled" ? [said] : [thoughtOf(n), said]);
  };
}

/** Throws unless the last request brings back all that the upstream has thought, as it signed it. */
export function checkThoughts({ requests }: Mock, steps: Steps): void {
  const turns = requests
    .map(({ body }, index) => ({ body, thought: thoughtOf(index + 1) }))
    .filter(({ body }) => isTask(body, steps));
  const before = turns.slice(0, -1).map(({ thought }) => thought);
  deepStrictEqual(blocksIn(turns.at(-1)?.body, "thinking"), before, "not all thoughts have come back upstream");
}

/** Throws unless each turn has gone on in the process that had the conversation: what the client replays is known again. */
export function checkContinued({ output }: Stage): void {
  doesNotMatch(output(), /"way":"(?:replay|resume)"/, "a conversation was taken for another");
}

/** Some clients ask for a title of the conversation, too. */
function isTask({ tools }: RequestBody, steps: Steps): boolean {
  return tools?.some(({ name }) => name === steps[0].name) ?? false;
}

/** What the upstream thinks before its n-th answer, if it may. */
function thoughtOf(n: number) {
  return { type: "thinking" as const, thinking: `Thought ${n}.`, signature: btoa(`signature ${n}`) };
}

/** The results of tools that a request carries. */
export function resultsIn(body: RequestBody | undefined): RequestBlock[] {
  return blocksIn(body, "tool_result");
}

/** The blocks of one type that a request carries. */
export function blocksIn(body: RequestBody | undefined, type: string): RequestBlock[] {
  return conversationIn(body).flatMap(({ content }) => content.filter((block) => block.type === type));
}
