/** What Bun itself takes to pass a request on, with nothing added: `bun pass-through.ts PORT UPSTREAM`. */

const [port, upstream] = process.argv.slice(2);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(port),
  idleTimeout: 0,
  async fetch(request) {
    const { pathname } = new URL(request.url);
    const body = await request.bytes();
    const { method, headers } = request;
    const answer = await fetch(upstream + pathname, { method, headers, body, decompress: false, redirect: "manual" });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  },
});
