import { parseToolInput } from "../../messages/tool-input.ts";
import type { AnswerBlock, MessageEvent } from "../../messages/types.ts";

/** Keeps of a running answer what the next request of its conversation will be found by: its texts and its tool calls. */
export class Recorder {
  readonly content: AnswerBlock[] = [];
  #pieces: string[] = [];

  /** The ids of the tool calls, in order. */
  get calls(): string[] {
    return this.content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));
  }

  take(event: MessageEvent): void {
    switch (event.type) {
      case "content_block_start":
        this.content.push({ ...event.content_block });
        this.#pieces = [];
        break;
      case "content_block_delta":
        if (event.delta.type === "text_delta") this.#pieces.push(event.delta.text);
        if (event.delta.type === "input_json_delta") this.#pieces.push(event.delta.partial_json);
        break;
      case "content_block_stop": {
        const block = this.content.at(-1);
        const written = this.#pieces.join("");
        if (block?.type === "text") block.text += written;
        if (block?.type === "tool_use") block.input = parseToolInput(written) ?? {};
        break;
      }
    }
  }
}
