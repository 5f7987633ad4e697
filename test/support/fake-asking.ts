/** The fake CLI as one that asks the upstream: fast, and the upstream sees the same conversation as from the real one. */

import type { AnswerBlock, MessageEvent } from "../../src/messages/types.ts";
import { readSse } from "../../src/wire/sse.ts";
import { apiError, apiRetry, line, opening, resultLine, type Step } from "./fake-script.ts";
import { flat } from "./flat.ts";

interface Message {
  role: "user" | "assistant";
  content: unknown;
}

/** The CLI's own words for an upstream that refuses. */
const refusals: Readonly<Record<number, string>> = { 429: "rate_limit", 500: "server_error", 529: "server_error" };

/** What one process knows of its conversation. */
export class AskingConversation {
  readonly #messages: Message[] = [];
  system = "";

  /** A line of the history, or the question. */
  tell(message: Message): void {
    this.#messages.push({ role: message.role, content: message.content });
  }

  /** What the CLI prints while the upstream answers. */
  async *answer(model: string): AsyncGenerator<Step> {
    yield* opening;
    // The CLI has two texts of its own before the client's.
    const system = ["", "", this.system].map((text) => ({ type: "text", text }));
    const response = await fetch(`${process.env["ANTHROPIC_BASE_URL"]}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model, max_tokens: 32_000, stream: true, system, messages: this.#messages }),
    });
    if (!response.ok) return yield* refused(response);
    const blocks: AnswerBlock[] = [];
    let ended = false;
    try {
      for await (const { data } of flat(readSse(response.body ?? new ReadableStream(), { maxEvent: Infinity }))) {
        const event = JSON.parse(data) as MessageEvent;
        if (event.type === "ping") continue;
        remember(blocks, event);
        ended ||= event.type === "message_stop";
        yield line({ type: "stream_event", event, parent_tool_use_id: null });
      }
    } catch {
      // The connection was cut, which is told below.
    }
    if (!ended) return yield apiRetry();
    this.tell({ role: "assistant", content: blocks });
    yield resultLine({ terminal_reason: "completed", stop_reason: "end_turn" });
  }
}

async function* refused(response: Response): AsyncGenerator<Step> {
  const { status } = response;
  const { error } = (await response.json()) as { error: { type: string; message: string } };
  yield* apiError({
    status,
    type: error.type,
    error: refusals[status] ?? "unknown",
    text: `API Error: ${error.message}`,
  });
}

function remember(blocks: AnswerBlock[], event: MessageEvent): void {
  if (event.type === "content_block_start") blocks.push({ ...event.content_block });
  const last = blocks.at(-1);
  if (event.type === "content_block_delta" && event.delta.type === "text_delta" && last?.type === "text") {
    last.text += event.delta.text;
  }
}
