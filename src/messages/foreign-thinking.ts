import type { DraftMessage } from "./conversation.ts";
import type { ContentBlock } from "./types.ts";

/**
 * The messages without the assistant's thinking that has no signature of the API's: it is another provider's, or lost its
 * own, and the API takes back only what it has signed. A signature that only looks right is for the API to judge. `paths`
 * are the messages that lost some; one that was nothing else is gone.
 */
export function dropForeignThinking(drafts: readonly DraftMessage[]): { drafts: DraftMessage[]; paths: string[] } {
  const paths: string[] = [];
  const kept = drafts.flatMap((draft): DraftMessage[] => {
    if (draft.role !== "assistant" || !draft.content.some(isForeign)) return [draft];
    paths.push(draft.path);
    const content = draft.content.filter((block) => !isForeign(block));
    return content.length === 0 ? [] : [{ ...draft, content }];
  });
  return { drafts: kept, paths };
}

function isForeign(block: ContentBlock): boolean {
  return block.type === "thinking" && !/^[A-Za-z0-9+/_-]+={0,2}$/.test(block.signature);
}
