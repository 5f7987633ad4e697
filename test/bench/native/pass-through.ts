/**
 * What Bun itself takes to pass a request on, with nothing added: `bun pass-through.ts PORT UPSTREAM LOOK FOLDER`. A
 * look at the answer is the least that whoever wants to know its usage, or answers in another dialect, can do. `rows` reads
 * the usage and writes it to a ledger in a folder, as Sluice does; `events` answers in another dialect besides.
 */

import { UsageObserver } from "../../../src/engine/anthropic/usage-observer.ts";
import { createLog } from "../../../src/log.ts";
import { mintRequestId } from "../../../src/messages/ids.ts";
import type { RequestRecord } from "../../../src/observe/request.ts";
import { StateDatabase } from "../../../src/store/database.ts";
import { Ledger } from "../../../src/store/ledger.ts";

type Look = (answer: Response) => BodyInit | null | Promise<BodyInit>;

const looks: Readonly<Record<string, Look>> = {
  none: (answer) => answer.body,
  bytes: (answer) => answer.bytes(),
  rows: async (answer) => recorded(await answer.bytes()),
  events: async (answer) => translated(new TextDecoder().decode(recorded(await answer.bytes()))),
};

const [port, upstream = "", chosen = "", folder = ""] = process.argv.slice(2);
const look = looks[chosen];
if (look === undefined) throw new Error(`There is no look "${chosen}".`);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const body = await request.bytes();
    const { method, headers } = request;
    const answer = await fetch(upstream + pathname, { method, headers, body, decompress: false, redirect: "manual" });
    return new Response(await look(answer), { status: answer.status, headers: answer.headers });
  },
});

let ledger: Ledger | undefined;

/** What can't be written would be measured as if it were: that ends the program, and with it the bench. */
const log = createLog("warn", (line) => {
  console.error(line);
  process.exit(1);
});

function recorded(stream: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const observer = new UsageObserver(true);
  observer.take(stream);
  const { model = "", usage } = observer.told;
  const record: RequestRecord = {
    id: mintRequestId(),
    at: Date.now(),
    client: "wrk",
    api: "messages",
    engine: "native",
  };
  ledger ??= new Ledger(new StateDatabase(folder), log);
  ledger.ended({ ...record, model, ...(usage && { usage }), way: "native", status: 200, outcome: "ok", ms: 0 });
  return stream;
}

/** A stream of Messages as one of Chat Completions that has nothing but the text: each event is parsed, and written anew. */
function translated(stream: string): string {
  let text = "";
  for (const line of stream.split("\n")) {
    if (!line.startsWith("data: ")) continue;
    const event = JSON.parse(line.slice("data: ".length)) as {
      type: string;
      index?: number;
      delta?: { text?: string };
    };
    if (event.delta?.text === undefined) continue;
    const chunk = { object: "chat.completion.chunk", choices: [{ index: 0, delta: { content: event.delta.text } }] };
    text += `data: ${JSON.stringify(chunk)}\n\n`;
  }
  return `${text}data: [DONE]\n\n`;
}
