/** What the CLI prints when a turn is interrupted depends on the message that is open then. */

import type { AnswerMessage, MessageEvent } from "../../src/messages/types.ts";
import { type Line, resultLine, type Step, line } from "./fake-script.ts";

/** Follows the lines of a turn. */
export class OpenTurn {
  private message: AnswerMessage | undefined;
  private block: { index: number; text: string } | undefined;

  watch({ type, event }: Line): void {
    if (type === "stream_event") this.watchEvent(event as MessageEvent);
  }

  /** The rest of the turn, if it is interrupted now. */
  interrupted(): Step[] {
    const stopped = resultLine({
      subtype: "error_during_execution",
      is_error: true,
      stop_reason: null,
      terminal_reason: "aborted_streaming",
    });
    const notice = line({
      type: "user",
      message: { role: "user", content: [{ type: "text", text: "[Request interrupted by user]" }] },
      parent_tool_use_id: null,
    });
    return [...this.partialBlock(), notice, ...this.closingEvents().map(streamed), stopped];
  }

  private watchEvent(event: MessageEvent): void {
    if (event.type === "message_start") this.message = event.message;
    if (event.type === "message_stop") this.message = undefined;
    if (event.type === "content_block_start") this.block = { index: event.index, text: "" };
    if (event.type === "content_block_stop") this.block = undefined;
    if (event.type === "content_block_delta" && event.delta.type === "text_delta" && this.block) {
      this.block.text += event.delta.text;
    }
  }

  private partialBlock(): Step[] {
    if (!this.message || !this.block?.text) return [];
    const content = [{ type: "text", text: this.block.text }];
    return [
      line({ type: "assistant", message: { ...this.message, content }, parent_tool_use_id: null, aborted: true }),
    ];
  }

  /** An interrupted message is closed with a stop reason of null, which the API itself never sends. */
  private closingEvents(): object[] {
    if (!this.message) return [];
    return [
      ...(this.block ? [{ type: "content_block_stop", index: this.block.index }] : []),
      { type: "message_delta", delta: { stop_reason: null, stop_sequence: null }, usage: this.message.usage },
      { type: "message_stop" },
    ];
  }
}

const streamed = (event: object): Step => line({ type: "stream_event", event, parent_tool_use_id: null });
