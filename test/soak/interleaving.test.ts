/**
 * Many conversations at once that branch, are left, call tools and lose their processes: whatever happens, the upstream
 * gets exactly the conversation that the client sent, and the client the answer to it.
 */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { lastUserText, type RequestBody, text, toolUse } from "../support/mock-anthropic.ts";
import { linesIn } from "../support/seen.ts";
import { startSluice, type TestSluice } from "../support/sluice.ts";

const turns = 1000;
const conversations = 50;
const atOnce = 6;

interface Block {
  type: string;
  [field: string]: unknown;
}

interface Message {
  role: "user" | "assistant";
  content: string | Block[];
}

type Move = "ask" | "regenerate" | "branch" | "abort" | "kill a process";

const move = fc.oneof(
  { weight: 80, arbitrary: fc.constant<Move>("ask") },
  { weight: 4, arbitrary: fc.constant<Move>("regenerate") },
  { weight: 3, arbitrary: fc.constant<Move>("branch") },
  { weight: 6, arbitrary: fc.constant<Move>("abort") },
  { weight: 1, arbitrary: fc.constant<Move>("kill a process") },
);

const one = fc.nat(conversations - 1);

/** Low numbers come more often: some conversations are talked to all the time, others are evicted in between. */
const steps = fc.array(
  fc.record({
    move,
    who: fc.tuple(one, one, one).map((picks) => Math.min(...picks)),
  }),
  { minLength: turns, maxLength: turns },
);

const tools = [{ name: "lookup", description: "Looks up", input_schema: { type: "object" } }];

/** The mock calls the tool where the question asks for it, and answers with a word of the last question otherwise. */
function reply(body: RequestBody) {
  const asked = lastUserText(body);
  if (asked.endsWith("with a tool"))
    return toolUse([{ name: "lookup", input: { asked }, id: `toolu_${Bun.hash(asked)}` }]);
  return text(`answer to ${asked || "a result"}`, { chunks: 3 });
}

/** The process that answered was killed by this test. */
class Killed extends Error {}

/** One client and its conversation. */
class Client {
  messages: Message[] = [];
  /** Every conversation that it ever sent, as lines. One that it left may still arrive. */
  readonly sent = new Set<string>();
  #count = 0;

  constructor(
    readonly id: number,
    readonly sluice: () => TestSluice,
  ) {}

  /** One request, or two where the model calls the tool. */
  async play(move: Move): Promise<void> {
    if (move === "regenerate" && this.messages.length > 1) {
      this.#dropAnswer();
      return this.#send(false);
    }
    if (move === "branch") {
      this.#dropAnswer();
      this.messages.pop();
    }
    const words = `question ${this.#count++} of client ${this.id}`;
    this.messages.push({ role: "user", content: this.#count % 4 === 0 ? `${words} with a tool` : words });
    await this.#send(move === "abort");
  }

  /** Back to the last question. */
  #dropAnswer(): void {
    const last = this.messages.findLastIndex(({ role, content }) => role === "user" && typeof content === "string");
    this.messages = this.messages.slice(0, last + 1);
  }

  async #send(abort: boolean): Promise<void> {
    const before = this.messages.length;
    const client = new AbortController();
    const timer = abort ? setTimeout(() => client.abort(), Math.random() * 150) : undefined;
    try {
      const content = await this.#request(client.signal);
      this.messages.push({ role: "assistant", content });
      const call = content.find(({ type }) => type === "tool_use");
      if (call) {
        const result = { type: "tool_result", tool_use_id: call["id"], content: `found by ${this.id}` };
        this.messages.push({ role: "user", content: [result] });
        this.messages.push({ role: "assistant", content: await this.#request(client.signal) });
      }
    } catch (thrown) {
      if (!abort && !(thrown instanceof Killed)) throw thrown;
      // The question is asked no more; the next one follows what was answered last.
      this.messages = this.messages.slice(0, before - 1);
    } finally {
      clearTimeout(timer);
    }
  }

  async #request(signal: AbortSignal): Promise<Block[]> {
    const { messages } = this;
    this.sent.add(JSON.stringify(messages.map(lineOf)));
    const request = { model: "sonnet", max_tokens: 50, system: `You serve client ${this.id}.`, tools, messages };
    const response = await this.sluice().post("/v1/messages", request, { signal });
    const answer = (await response.json()) as { content: Block[]; error?: { message: string } };
    // In the middle of an answer there is nothing to be done but to say so.
    if (response.status === 502 && answer.error?.message.includes("ended by SIGKILL")) throw new Killed();
    expect({ status: response.status, ...answer }).toMatchObject({ status: 200, type: "message" });
    const asked = messages.at(-1)?.content;
    const said = answer.content.map((block) => block["text"] ?? block["name"]).join("");
    if (typeof asked !== "string") expect(said).toBe("answer to a result");
    else expect(said).toBe(asked.endsWith("with a tool") ? "lookup" : `answer to ${asked}`);
    return answer.content;
  }
}

function lineOf({ role, content }: Message): string {
  if (typeof content === "string") return `${role}: ${content}`;
  return `${role}: ${content.map((block) => block["text"] ?? `[${block.type}]`).join("|")}`;
}

test(
  `${turns} turns over ${conversations} conversations: every upstream request is what its client sent`,
  async () => {
    const [plan = []] = fc.sample(steps, { numRuns: 1, seed: 7 });
    const args = ["--spares", "1", "--max-processes", "40"];
    let sluice = await startSluice({ args });
    let unsent: string[] | undefined;
    const check = (body: RequestBody) => {
      const [, id] = /You serve client (\d+)\./.exec(JSON.stringify(body.system)) ?? [];
      const client = clients[Number(id)];
      const lines = linesIn(body);
      if (!client?.sent.has(JSON.stringify(lines))) unsent ??= lines;
      return reply(body);
    };
    sluice.mock.respond(check);
    const clients = Array.from({ length: conversations }, (_, id) => new Client(id, () => sluice));
    const ways: Record<string, number> = {};

    try {
      // In two parts, with a restart of Sluice between them.
      for (const part of [0, 1]) {
        const last = new Map<number, Promise<void>>();
        const queue = plan.slice((part * turns) / 2, ((part + 1) * turns) / 2);
        const worker = async () => {
          for (let step = queue.shift(); step; step = queue.shift()) {
            const { move, who } = step;
            if (move === "kill a process") {
              const victim = sluice.processes().at(who % 5);
              if (victim) process.kill(victim.pid, "SIGKILL");
              continue;
            }
            // A client asks one thing at a time.
            const turn = (last.get(who) ?? Promise.resolve()).then(() => clients[who]?.play(move));
            last.set(who, turn);
            await turn;
          }
        };
        await Promise.all(Array.from({ length: atOnce }, worker));
        for (const line of sluice.logged) {
          const { way } = JSON.parse(line) as { way?: string };
          if (way) ways[way] = (ways[way] ?? 0) + 1;
        }
        await sluice[Symbol.asyncDispose]();
        expect(unsent).toBeUndefined();
        if (part < 1) {
          sluice = await startSluice({ args });
          sluice.mock.respond(check);
        }
      }
    } finally {
      await sluice.server.stop();
    }
    console.log("ways:", JSON.stringify(ways));
    expect(ways["live"]).toBeGreaterThan(turns / 4);
    expect(ways["parked"]).toBeGreaterThan(turns / 20);
    expect(ways["replay"]).toBeGreaterThan(10);
  },
  { timeout: 1_800_000 },
);
