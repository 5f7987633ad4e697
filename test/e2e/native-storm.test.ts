/** Many requests at once in native mode, before an upstream that fails in every way, by clients of which many leave. */

import { expect, test } from "bun:test";
import { eventually } from "../support/environment.ts";
import { cut, error, midStreamError, type Reply, text, thinking, toolUse } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";

const requests = 240;
const atOnce = 24;

const below = (most: number) => Math.floor(Math.random() * most);
const oneOf = <T>(...all: readonly T[]): T => all[below(all.length)] as T;

const replies: readonly (() => Reply)[] = [
  () => text("one two three four", { chunks: 1 + below(20), delayMs: below(10) }),
  // More than the sockets on its way hold.
  () => text("words ".repeat(500_000), { chunks: 30 }),
  () => thinking("Hm.", "Yes.", { chunks: 5 }),
  () => toolUse([{ name: "f", input: { a: "é\n" } }]),
  () => cut(below(8)),
  () => midStreamError("overloaded_error", "Later.", { afterEvents: below(8) }),
  () => error(429, "rate_limit_error", "Slowly."),
  () => error(529, "overloaded_error", "Later."),
];

const message = { model: "claude-sonnet-5", max_tokens: 50, messages: [{ role: "user", content: "Hello" }] };

/** What a stream of each API may end with. */
const apis = {
  "/v1/messages": { body: message, end: /(^|\n)event: (message_stop|error)\ndata: .*\n\n$/ },
  "/v1/chat/completions": { body: message, end: /(^|\n)data: (\[DONE\]|\{"error":.*\})\n\n$/ },
  "/v1/responses": {
    body: { model: message.model, input: "Hello" },
    end: /(^|\n)event: (response\.(completed|incomplete|failed)|error)\ndata: .*\n\n(data: \[DONE\]\n\n)?$/,
  },
} as const;

test(`${requests} requests, ${atOnce} at a time: each that stays is answered to its end, and nothing is left`, async () => {
  await using sluice = await startSluice({ args: ["--mode", "native"] });
  sluice.mock.respond(() => oneOf(...replies)());
  const outcomes = { ended: 0, refused: 0, left: 0 };

  const ask = async (): Promise<void> => {
    const [path, { body, end }] = oneOf(...Object.entries(apis));
    const stream = oneOf(true, true, false);
    const client = new AbortController();
    const timer = oneOf(true, false) ? setTimeout(() => client.abort(), below(40)) : undefined;
    try {
      const response = await sluice.post(path, { ...body, stream }, { signal: client.signal });
      // Some look at nothing until they go.
      if (timer !== undefined && oneOf(true, false)) while (!client.signal.aborted) await Bun.sleep(5);
      const told = await response.text();
      if (stream && response.ok) expect(told).toMatch(end);
      else expect(JSON.parse(told).error == null).toBe(response.ok);
      outcomes[response.ok ? "ended" : "refused"]++;
    } catch (thrown) {
      if (!client.signal.aborted) throw thrown;
      outcomes.left++;
    } finally {
      clearTimeout(timer);
    }
  };

  const numbers = Array.from({ length: requests }).values();
  const asking = Array.from({ length: atOnce }, async () => {
    for (const _ of numbers) await ask();
  });
  await Promise.all(asking);
  expect(Math.min(...Object.values(outcomes))).toBeGreaterThan(0);
  await eventually(async () => {
    const metrics = await (await fetch(`${sluice.url}/metrics`)).text();
    return metrics.includes("\nsluice_requests_running 0\n");
  });
});
