import type { Emit, Step } from "./through.ts";
import type { MessageEvent } from "./types.ts";

/**
 * Takes the Markdown fence away that a model may put around the JSON it was asked for (` ```json … ``` `), while the text
 * streams. A text that does not begin with a fence passes as it is, but for its first blanks, which wait for the next.
 */
export class FenceStripper implements Step<MessageEvent, MessageEvent> {
  #state: "before" | "plain" | "fenced" = "before";
  #held = "";

  take(event: MessageEvent, emit: Emit<MessageEvent>): void {
    if (event.type === "content_block_delta" && event.delta.type === "text_delta") {
      return tell(event.index, this.#text(event.delta.text), emit);
    }
    if (event.type === "content_block_stop") tell(event.index, this.#rest(), emit);
    emit(event);
  }

  #text(text: string): string {
    if (this.#state === "plain") return text;
    this.#held += text;
    if (this.#state === "before") {
      const begun = this.#held.trimStart();
      if ("```".startsWith(begun.slice(0, 3)) && !begun.includes("\n")) return "";
      this.#state = begun.startsWith("```") ? "fenced" : "plain";
      if (this.#state === "fenced") this.#held = begun.slice(begun.indexOf("\n") + 1);
    }
    return this.#give(this.#state === "plain" ? this.#held.length : endOfContent(this.#held));
  }

  /** What was held back, at the end of a block. */
  #rest(): string {
    if (this.#state === "fenced" && this.#held.trim() === "```") this.#held = "";
    if (this.#held.trim() !== "" && this.#state === "before") this.#state = "plain";
    return this.#give(this.#held.length);
  }

  #give(length: number): string {
    const given = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    return given;
  }
}

/** Where a text ends without the blanks and backticks at its end, which may be the closing fence. */
function endOfContent(text: string): number {
  let end = text.length;
  while (end > 0 && /[\s`]/.test(text.charAt(end - 1))) end--;
  return end;
}

function tell(index: number, text: string, emit: Emit<MessageEvent>): void {
  if (text !== "") emit({ type: "content_block_delta", index, delta: { type: "text_delta", text } });
}
