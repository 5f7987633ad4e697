/** An upstream that answers with these bytes, whatever they are. */

export interface RawAnswer {
  status?: number;
  headers?: Record<string, string>;
  /** Sent one by one. */
  pieces: readonly Uint8Array<ArrayBuffer>[];
}

export interface RawUpstream extends AsyncDisposable {
  readonly url: string;
  /** What was asked, with the bytes of its body. */
  readonly requests: readonly { method: string; path: string; headers: Headers; body: Uint8Array }[];
}

/** Starts an upstream on loopback; `answer` chooses what each request gets. */
export function startRawUpstream(answer: (path: string) => RawAnswer): RawUpstream {
  const requests: RawUpstream["requests"][number][] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const path = pathname + search;
      requests.push({ method: request.method, path, headers: request.headers, body: await request.bytes() });
      const { status = 200, headers = {}, pieces } = answer(path);
      const body = pieces.length === 1 ? pieces[0] : piecemeal(pieces);
      return new Response(body ?? null, { status, headers });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

function piecemeal(pieces: readonly Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  const left = [...pieces];
  return new ReadableStream({
    async pull(controller) {
      const piece = left.shift();
      if (piece === undefined) return controller.close();
      controller.enqueue(piece);
      await Bun.sleep(0);
    },
  });
}
