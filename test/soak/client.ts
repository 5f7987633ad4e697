/** One of many clients: it has a conversation, and knows what every answer in it must be. */

import { connect } from "node:net";
import { expectAnswer } from "../fuzz/valid.ts";
import { type Answer, read } from "../golden/answers.ts";
import type { DialectName } from "../golden/requests.ts";
import { wordsIn } from "../support/words.ts";
import { answerTo, type Fault, type FaultName, faults, questionOf } from "./faults.ts";

/** How many turns a conversation has. */
const longest = 8;

export interface Outcome {
  fault: FaultName | undefined;
  ended: "answered" | "refused" | "left";
  /** Milliseconds. */
  took: number;
  /** What is not as it must be. */
  wrong?: string;
}

export class Client {
  /** The conversations that it has sent, as hashes of their lines. One that it left may still arrive. */
  readonly sent = new Set<string>();
  busy = false;
  #turns: { question: string; answer: string }[] = [];
  #previous: string | undefined;
  #count = 0;

  constructor(
    readonly id: number,
    readonly dialect: DialectName,
    readonly url: string,
    /** How long an answer takes on average (seconds). */
    readonly pace: number,
  ) {}

  /** Asks one question; nothing of what happens is an exception. */
  async ask(fault: FaultName | undefined): Promise<Outcome> {
    const began = performance.now();
    const question = questionOf(`question ${this.#count++} of client ${this.id}`, fault);
    const stream = Math.random() < 0.5;
    const ended = await this.#ask(question, fault, stream).catch((error: Error) => error);
    const took = performance.now() - began;
    if (!(ended instanceof Error)) return { fault, ended, took };
    const how = `${this.dialect}${stream ? ", streamed" : ""}, ${question}: ${ended.message.slice(0, 500)}`;
    return { fault, ended: "refused", took, wrong: how };
  }

  async #ask(question: string, fault: FaultName | undefined, stream: boolean): Promise<Outcome["ended"]> {
    this.sent.add(hash([...this.#lines(), `user: ${question}`]));
    const body = JSON.stringify({ model: "sonnet", stream, ...this.#body(question) });
    const answer = await this.#send(fault === "bad body" ? body.slice(0, -5) : body, fault);
    if (answer === undefined) return "left";

    const how = await expectAnswer(this.dialect, answer);
    const { refused: statuses }: Fault = fault === undefined ? { by: "client" } : faults[fault];
    if (how === "error") {
      const known = statuses?.some((status) => status === answer.status || answer.status === 200);
      if (!known) throw new Error(`${answer.status} ${answer.body.subarray(-300)}`);
      return "refused";
    }
    if (statuses !== undefined) throw new Error("it was answered");
    const { said } = wordsIn(`${answer.body}`);
    if (said !== answerTo(question)) throw new Error(`the answer is ${said.slice(0, 100)} (${said.length})`);
    this.#keep(question, said, `${answer.body}`);
    return "answered";
  }

  #keep(question: string, answer: string, body: string): void {
    this.#turns.push({ question, answer });
    this.#previous = /"id":"(resp_\w+)"/.exec(body)?.[1];
    // A conversation with a huge answer would be sent again and again.
    if (this.#turns.length < longest && answer.length < 10_000) return;
    this.#turns = [];
    this.#previous = undefined;
  }

  #lines(): string[] {
    return this.#turns.flatMap(({ question, answer }) => [`user: ${question}`, `assistant: ${answer}`]);
  }

  #body(question: string): object {
    const system = `You serve client ${this.id}.`;
    const messages = [
      ...this.#turns.flatMap((turn) => [
        { role: "user", content: turn.question },
        { role: "assistant", content: turn.answer },
      ]),
      { role: "user", content: question },
    ];
    switch (this.dialect) {
      case "anthropic":
        return { system, max_tokens: 1_000_000, messages };
      case "chat":
        return { messages: [{ role: "system", content: system }, ...messages] };
      case "responses":
        return { instructions: system, input: question, previous_response_id: this.#previous };
    }
  }

  /** Undefined where the client left before the answer was there. */
  async #send(body: string, fault: FaultName | undefined): Promise<Answer | undefined> {
    const path = { anthropic: "/v1/messages", chat: "/v1/chat/completions", responses: "/v1/responses" }[this.dialect];
    if (fault === "slow client") return readSlowly(this.url, path, body);
    const client = new AbortController();
    const timer = fault === "client gone" && setTimeout(() => client.abort(), Math.random() * this.pace * 1000);
    const headers = { "content-type": "application/json" };
    try {
      // Without a pool of connections: what Sluice holds open is then its own.
      const request = { method: "POST", headers, body, signal: client.signal, keepalive: false };
      return await read(await fetch(this.url + path, request));
    } catch (error) {
      if (client.signal.aborted) return undefined;
      throw error;
    } finally {
      clearTimeout(timer || undefined);
    }
  }
}

export const hash = (lines: readonly string[]): string => String(Bun.hash(JSON.stringify(lines)));

/** Reads an answer with long pauses, so that it piles up on its way. */
async function readSlowly(url: string, path: string, body: string): Promise<Answer> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const received: Buffer[] = [];
  const closed = new Promise<void>((resolve, reject) => socket.on("close", () => resolve()).on("error", reject));
  socket.on("data", (bytes: Buffer) => {
    received.push(bytes);
    if (received.length > 8) return;
    socket.pause();
    setTimeout(() => socket.resume(), 250);
  });
  const head = ["POST", path, "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n"];
  socket.write(`${head.join(" ")}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  await closed;
  return parse(Buffer.concat(received));
}

function parse(bytes: Buffer): Answer {
  const end = bytes.indexOf("\r\n\r\n");
  const [status = "", ...lines] = bytes.subarray(0, end).toString().split("\r\n");
  const headers = Object.fromEntries(
    lines.map(
      (line) =>
        line
          .toLowerCase()
          .split(/: (.*)/)
          .slice(0, 2) as [string, string],
    ),
  );
  const body = bytes.subarray(end + 4);
  const chunked = headers["transfer-encoding"] === "chunked";
  return { status: Number(status.split(" ")[1]), headers, body: chunked ? dechunked(body) : body };
}

function dechunked(bytes: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.subarray(at, end).toString(), 16);
    if (!(size > 0)) break;
    pieces.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(pieces);
}
