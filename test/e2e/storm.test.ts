/** Many requests at once, half of them left at a random moment: no wrong answer, no process left. */

import { expect, test } from "bun:test";
import { lastUserText, text } from "../support/mock-anthropic.ts";
import { startSluice } from "../support/sluice.ts";
import { wordsIn } from "../support/words.ts";

const requests = 200;
const atOnce = 20;

test(
  `${requests} requests, ${atOnce} at a time, half of them aborted at random`,
  async () => {
    await using sluice = await startSluice({ args: ["--spares", "1", "--max-processes", "32"] });
    sluice.mock.respond((body) => text(`You said: ${lastUserText(body)}`, { chunks: 8, delayMs: Math.random() * 30 }));
    const outcomes = { answered: 0, aborted: 0 };

    const ask = async (n: number): Promise<void> => {
      const client = new AbortController();
      const aborts = n % 2 === 0;
      const timer = aborts ? setTimeout(() => client.abort(), Math.random() * 3000) : undefined;
      const chat = n % 3 === 0;
      const stream = n % 4 < 2;
      const messages = [
        { role: "user", content: `first ${n}` },
        { role: "assistant", content: "yes" },
        { role: "user", content: `word-${n}-word` },
      ];
      try {
        const path = chat ? "/v1/chat/completions" : "/v1/messages";
        const request = { model: "sonnet", max_tokens: 100, stream, messages };
        const response = await sluice.post(path, request, { signal: client.signal });
        const body = await response.text();
        expect(response.status).toBe(200);
        expect(wordsIn(body).said).toBe(`You said: word-${n}-word`);
        outcomes.answered++;
      } catch (thrown) {
        if (!aborts || (thrown as Error).name !== "AbortError") throw thrown;
        outcomes.aborted++;
      } finally {
        clearTimeout(timer);
      }
    };

    const numbers = Array.from({ length: requests }, (_, n) => n).values();
    await Promise.all(
      Array.from({ length: atOnce }, async () => {
        for (const n of numbers) await ask(n);
      }),
    );
    expect(outcomes.answered + outcomes.aborted).toBe(requests);
    expect(outcomes.answered).toBeGreaterThanOrEqual(requests / 2);
    expect(outcomes.aborted).toBeGreaterThan(0);
    await sluice.quiet();
    for (const { body } of sluice.mock.requests) {
      const said = JSON.stringify(body.messages);
      const [, n] = /word-(\d+)-word/.exec(said) ?? [];
      expect(said).toContain(`"first ${n}"`);
      expect(said.match(/word-/g)).toHaveLength(1);
    }
  },
  { timeout: 1_800_000 },
);
