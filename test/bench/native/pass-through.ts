/**
 * What Bun itself takes to pass a request on, with nothing added: `bun pass-through.ts PORT UPSTREAM LOOK FOLDER`. `rows`
 * reads the usage and writes it to a ledger in a folder, as Sluice does; `events` answers in another dialect besides.
 */

import { openRows } from "./rows.ts";

type Look = (answer: Response) => BodyInit | null | Promise<BodyInit>;

const [port, upstream = "", chosen = "", folder = ""] = process.argv.slice(2);
const note = openRows(folder);

const looks: Readonly<Record<string, Look>> = {
  none: (answer) => answer.body,
  rows: recorded,
  events: async (answer) => translated(new TextDecoder().decode(await recorded(answer))),
};

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

async function recorded(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  const stream = await answer.bytes();
  note(stream);
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
