/**
 * What Bun itself takes to pass a request on, with nothing added: `bun pass-through.ts PORT UPSTREAM [LOOK]`. A look at the
 * answer is the least that whoever wants to know its usage, or answers in another dialect, can do.
 */

type Look = (answer: Response) => BodyInit | null | Promise<BodyInit>;

const looks: Readonly<Record<string, Look>> = {
  none: (answer) => answer.body,
  bytes: (answer) => answer.bytes(),
  events: async (answer) => translated(await answer.text()),
};

const [port, upstream = "", chosen = "none"] = process.argv.slice(2);
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
