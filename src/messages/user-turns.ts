import type { DraftMessage } from "./conversation.ts";

const opening = "(continue)";
const prompt = "Continue from where your last message ends, and repeat nothing of it.";

/**
 * The drafts with a turn of the user's behind an assistant's that is the last. Claude Code asks the model with a user's
 * message only, so that the answer goes on with what was begun but is a message of its own. A warning tells.
 */
export function endWithUser(drafts: readonly DraftMessage[]): { drafts: readonly DraftMessage[]; warnings: string[] } {
  const last = drafts.at(-1);
  if (last?.role !== "assistant") return { drafts, warnings: [] };
  return {
    drafts: [...drafts, { role: "user", path: last.path, content: [{ type: "text", text: prompt }] }],
    warnings: [`the user's turn "${prompt}" was put behind the assistant's last`],
  };
}

/** The same at both ends: the OpenAI APIs let a conversation begin with the assistant's greeting. */
export function surroundWithUser(drafts: readonly DraftMessage[]): ReturnType<typeof endWithUser> {
  const ended = endWithUser(drafts);
  const [first] = drafts;
  if (first?.role !== "assistant") return ended;
  return {
    drafts: [{ role: "user", path: first.path, content: [{ type: "text", text: opening }] }, ...ended.drafts],
    warnings: [`the user's turn "${opening}" was put before the assistant's first`, ...ended.warnings],
  };
}
