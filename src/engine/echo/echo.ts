import { toProxyError } from "../../error.ts";
import { mintMessageId } from "../../messages/ids.ts";
import { singly } from "../../messages/through.ts";
import type { ContentBlock, MessageEvent, MessagesRequest, Model, Usage } from "../../messages/types.ts";
import type { Engine } from "../engine.ts";

const models: readonly Model[] = [
  { id: "echo", display_name: "Echo", resolved: "echo-1", created: 0 },
  { id: "echo-1", display_name: "Echo 1", resolved: "echo-1", created: 0 },
];

/**
 * The embedded engine behind `sluice demo`, which needs no CLI and no account: it answers with the text of the last
 * user message, a word at a time. Any model name will do.
 */
export function openEcho(): Engine {
  return {
    run: (request, { signal }) => ({
      way: "echo",
      warnings: [],
      [Symbol.asyncIterator]: () => singly(untilAborted(echo(request), signal)),
    }),
    count: async (request) => ({ tokens: countWords(request), way: "echo", warnings: [] }),
    models: async () => models,
    model: async (name) =>
      models.find((model) => model.id === name) ?? { id: name, display_name: name, resolved: "echo-1", created: 0 },
    rateLimits: () => ({}),
    health: async () => ({ ok: true, engine: "echo", detail: {} }),
    close: async () => {},
  };
}

async function* untilAborted(events: Iterable<MessageEvent>, signal: AbortSignal): AsyncGenerator<MessageEvent> {
  for (const event of events) {
    if (signal.aborted) throw toProxyError(signal.reason);
    yield event;
  }
}

function* echo(request: MessagesRequest): Generator<MessageEvent> {
  const words = textOf(request.messages.at(-1)?.content ?? []).match(/\S+\s*|\s+/g) ?? [];
  const usage: Usage = {
    input_tokens: countWords(request),
    output_tokens: 0,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
  };
  yield {
    type: "message_start",
    message: {
      id: mintMessageId(),
      type: "message",
      role: "assistant",
      model: "echo-1",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  };
  yield { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } };
  for (const text of words) yield { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } };
  yield { type: "content_block_stop", index: 0 };
  yield {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: words.length },
  };
  yield { type: "message_stop" };
}

/** The text in blocks, also that of tool results: what there is to answer with. */
function textOf(blocks: readonly ContentBlock[]): string {
  return blocks
    .flatMap((block) => (block.type === "tool_result" ? block.content : [block]))
    .flatMap((block) => (block.type === "text" ? block.text : []))
    .join("\n");
}

/** A word counts as a token: rough, but the same each time. */
function countWords({ system, messages }: MessagesRequest): number {
  const texts = [textOf(system), ...messages.map(({ content }) => textOf(content))];
  return texts.reduce((count, text) => count + (text.match(/\S+/g)?.length ?? 0), 0);
}
