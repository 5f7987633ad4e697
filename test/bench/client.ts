/** The client whose waiting is measured. */

import { collect } from "../../src/messages/collect.ts";
import type { AnswerBlock, ContentBlock, Message, MessageEvent } from "../../src/messages/types.ts";
import { readSse } from "../../src/wire/sse.ts";
import { system, tools } from "./material.ts";

export interface Answer {
  /** Milliseconds from the request to the first text; undefined where there was none. */
  firstText: number | undefined;
  /** How Sluice served it: its `x-sluice-way`. */
  way: string;
  content: AnswerBlock[];
}

/** The first text in a stream of bytes, and when it came. */
export class TextWatch {
  readonly #began = performance.now();
  #head: string | undefined = "";
  firstText: number | undefined;

  /** Passes the bytes on. */
  async *over(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const decoder = new TextDecoder();
    for await (const chunk of bytes) {
      if (this.#head !== undefined) {
        this.#head += decoder.decode(chunk, { stream: true });
        if (this.#head.includes('"text_delta"')) {
          this.firstText = performance.now() - this.#began;
          this.#head = undefined;
        }
      }
      yield chunk;
    }
  }
}

/** A conversation with Sluice: system prompt, five tools, and what was said so far. */
export class Chat {
  readonly #url: string;
  readonly #signal: AbortSignal;
  readonly #messages: Message[];

  constructor(url: string, signal: AbortSignal, history: readonly Message[] = []) {
    this.#url = url;
    this.#signal = signal;
    this.#messages = [...history];
  }

  /** Asks, reads the answer to its end, and keeps both. Throws where it was not served in one of the expected ways. */
  async say(content: string | ContentBlock[], ...expected: string[]): Promise<Answer> {
    this.#messages.push({
      role: "user",
      content: typeof content === "string" ? [{ type: "text", text: content }] : content,
    });
    const request = { model: "sonnet", max_tokens: 4096, stream: true, system, tools, messages: this.#messages };
    const body = JSON.stringify(request);
    const headers = { "content-type": "application/json", "anthropic-version": "2023-06-01", "x-api-key": "any" };

    const watch = new TextWatch();
    const response = await fetch(`${this.#url}/v1/messages`, { method: "POST", headers, body, signal: this.#signal });
    if (!response.ok || !response.body) throw new Error(`Status ${response.status}: ${await response.text()}`);
    const answer = await collect(events(watch.over(response.body)));

    const way = response.headers.get("x-sluice-way") ?? "unknown";
    if (!expected.includes(way)) throw new Error(`Served by the way "${way}" instead of ${expected.join(" or ")}`);
    this.#messages.push({ role: "assistant", content: answer.content });
    return { firstText: watch.firstText, way, content: answer.content };
  }
}

async function* events(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<readonly MessageEvent[]> {
  for await (const messages of readSse(bytes, { maxEvent: 1e6 })) {
    yield messages.map(({ event, data }) => {
      if (event === "error") throw new Error(`The answer broke off: ${data}`);
      return JSON.parse(data) as MessageEvent;
    });
  }
}
