/** What a client waits for the first byte, and what streams take that stay open. */

import type { Socket } from "bun";
import { type Memory, memoryOf } from "../memory.ts";
import { quantile } from "../stats.ts";
import type { Program } from "./programs.ts";
import { apis, bodyOf, headersOf } from "./rates.ts";
import type { Pace } from "./upstream.ts";

/** So many requests one after the other; each is made of every program before the next one. */
const requests = 200;
/** So many streams are open at once, and for so long before they are looked at (milliseconds). */
export const openStreams = 1000;
const settling = 5000;

/** Milliseconds to the first byte of an answer. */
export interface FirstByte {
  p50: number;
  p99: number;
}

/** One connection for each program, and one request at a time: what is waited for is the way, not the others. */
export async function measureFirstBytes(programs: readonly Program[]): Promise<[Program, FirstByte][]> {
  const asked = await Promise.all(
    programs.map(async (program) => ({ program, client: await Client.open(program), times: [] as number[] })),
  );
  for (let n = 0; n < requests; n++) for (const { client, times } of asked) times.push(await client.ask("deltas"));
  for (const { client } of asked) client.close();
  return asked.map(({ program, times }) => [program, { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }]);
}

/** What a program of one process takes before, and with all the streams open that have begun to answer. */
export async function measureStreams(program: Program): Promise<Record<"idle" | "open", Memory>> {
  const [pid] = program.pids();
  if (pid === undefined) throw new Error(`${program.title} has no process`);
  const idle = memoryOf(pid);
  const clients: Client[] = [];
  try {
    for (let n = 0; n < openStreams; n++) {
      const client = await Client.open(program);
      clients.push(client);
      await client.begin("slow");
    }
    await Bun.sleep(settling);
    const gone = clients.filter((client) => client.closed).length;
    if (gone > 0) throw new Error(`${gone} of ${openStreams} streams are closed`);
    return { idle, open: memoryOf(pid) };
  } finally {
    for (const client of clients) client.close();
  }
}

/** A connection that asks, and notes when bytes come. */
export class Client {
  closed = false;
  readonly #program: Program;
  #socket: Socket<undefined> | undefined;
  #answer = "";
  #first = Promise.withResolvers<void>();
  #whole = Promise.withResolvers<void>();

  static async open(program: Program): Promise<Client> {
    const client = new Client(program);
    client.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: Number(new URL(program.url).port),
      socket: {
        data: (_, bytes) => client.#take(bytes),
        close: () => {
          client.closed = true;
          client.#first.reject(new Error(`${program.title} has closed a connection that waited`));
        },
      },
    });
    return client;
  }

  private constructor(program: Program) {
    this.#program = program;
  }

  /** Milliseconds to the first byte. Resolves when the answer is whole, so that the connection is free again. */
  async ask(pace: Pace): Promise<number> {
    const began = performance.now();
    await this.begin(pace);
    const time = performance.now() - began;
    await this.#whole.promise;
    return time;
  }

  /** Resolves with the first byte. */
  async begin(pace: Pace): Promise<void> {
    const body = bodyOf(pace);
    const fields = { host: "127.0.0.1", "content-length": String(body.length), ...headersOf(this.#program) };
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#answer = "";
    this.#first = Promise.withResolvers();
    this.#whole = Promise.withResolvers();
    this.#socket?.write(`POST ${apis.messages} HTTP/1.1\r\n${lines.join("")}\r\n${body}`);
    await this.#first.promise;
  }

  close(): void {
    this.#socket?.terminate();
  }

  #take(bytes: Buffer): void {
    this.#first.resolve();
    this.#answer += bytes.toString("latin1");
    if (isWhole(this.#answer)) this.#whole.resolve();
  }
}

function isWhole(answer: string): boolean {
  const head = answer.indexOf("\r\n\r\n") + 4;
  const [, length] = /^content-length: *(\d+)/im.exec(answer.slice(0, head)) ?? [];
  return length === undefined ? answer.endsWith("\r\n0\r\n\r\n") : answer.length - head >= Number(length);
}
