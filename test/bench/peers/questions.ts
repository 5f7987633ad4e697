/** What is asked and answered, so that upstream and clients mean the same. */

/** The tool of a tool loop. */
export const toolName = "read_file";

export type Kind = "short" | "deltas" | "errand";

/** A question that the upstream answers with a short text, with so many deltas, or with so many calls and then a text. */
export function question(kind: Kind, count = 0): string {
  return `What about ${crypto.randomUUID()}? [${kind} ${count}] Please be quick.`;
}

/** What a question asks for. */
export function asked(text: string): { kind: Kind; count: number } | undefined {
  const [, kind, count] = /\[(short|deltas|errand) (\d+)\]/.exec(text) ?? [];
  return kind === undefined ? undefined : { kind: kind as Kind, count: Number(count) };
}

const word = "nineteen letters, ";

/** What the upstream says to a question, in the end. */
export function answerText(kind: Kind, count: number): string {
  return kind === "deltas" ? word.repeat(count) : "The quick brown fox jumps over the lazy dog.";
}
