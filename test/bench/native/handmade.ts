/**
 * What HTTP of our own would take, on bare TCP: `bun handmade.ts PORT UPSTREAM FOLDER`. The least that a proxy must do:
 * heads are parsed, their headers filtered, chunks decoded; the usage is read and a row written. It has no limits, no
 * pipelining and no errors, and passes on no answer before it has all of it: what comes in many writes is decoded from its
 * beginning with each, and only answers in one write tell what HTTP takes.
 */

import type { Socket } from "bun";
import { openRows } from "./rows.ts";

const [port, upstream = "", folder = ""] = process.argv.slice(2);
const { host, hostname, port: upstreamPort } = new URL(upstream);
const note = openRows(folder);

interface Head {
  first: string;
  fields: [name: string, value: string][];
  length: number;
}

const endOfHead = Buffer.from("\r\n\r\n");
const ours = new Set(["connection", "transfer-encoding", "content-length", "host", "user-agent", "accept-encoding"]);

function parseHead(text: string): Head {
  const [first = "", ...lines] = text.split("\r\n");
  const head: Head = { first, fields: [], length: 0 };
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name === "content-length") head.length = Number(value);
    if (!ours.has(name)) head.fields.push([name, value]);
  }
  return head;
}

function message({ first, fields }: Head, body: Uint8Array, more: string): Buffer {
  let head = `${first}\r\n`;
  for (const [name, value] of fields) head += `${name}: ${value}\r\n`;
  head += `${more}content-length: ${body.length}\r\n\r\n`;
  const whole = Buffer.allocUnsafe(head.length + body.length);
  whole.write(head, "latin1");
  whole.set(body, head.length);
  return whole;
}

/** The body that chunks from a place on come to; undefined where not all of them are there. */
function decodeChunks(bytes: Buffer, begin: number): Buffer | undefined {
  const body = Buffer.allocUnsafe(bytes.length - begin);
  let length = 0;
  for (let at = begin; ;) {
    const end = bytes.indexOf(0x0d, at);
    if (end < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    const from = end + 2;
    if (bytes.length < from + size + 2) return undefined;
    if (size === 0) return body.subarray(0, length);
    length += bytes.copy(body, length, from, from + size);
    at = from + size + 2;
  }
}

/** What has come of a message whose rest is still to come; for connections to the upstream, whose request it answers. */
interface State {
  unread: Buffer | undefined;
  client?: Socket<State>;
}

/** Works on what has come and what came before it. What it does not take waits for more. */
function gather(socket: Socket<State>, bytes: Buffer, take: (all: Buffer, bodyAt: number) => boolean): void {
  const { unread } = socket.data;
  const all = unread === undefined ? bytes : Buffer.concat([unread, bytes]);
  const end = all.indexOf(endOfHead);
  const taken = end >= 0 && take(all, end + endOfHead.length);
  socket.data.unread = taken ? undefined : Buffer.from(all);
}

const headOf = (all: Buffer, bodyAt: number) => parseHead(all.toString("latin1", 0, bodyAt - endOfHead.length));

const idle: Socket<State>[] = [];

function dial(): Promise<Socket<State>> {
  return Bun.connect<State>({
    hostname,
    port: Number(upstreamPort),
    data: { unread: undefined },
    socket: {
      data: (socket, bytes) =>
        gather(socket, bytes, (all, bodyAt) => {
          const body = decodeChunks(all, bodyAt);
          if (body === undefined) return false;
          idle.push(socket);
          note(body);
          socket.data.client?.write(message(headOf(all, bodyAt), body, "x-sluice-way: native\r\n"));
          return true;
        }),
    },
  });
}

async function forward(client: Socket<State>, request: Buffer): Promise<void> {
  const socket = idle.pop() ?? (await dial());
  socket.data.client = client;
  socket.write(request);
}

Bun.listen<State>({
  hostname: "127.0.0.1",
  port: Number(port),
  socket: {
    open(socket) {
      socket.data = { unread: undefined };
    },
    data: (socket, bytes) =>
      gather(socket, bytes, (all, bodyAt) => {
        const head = headOf(all, bodyAt);
        const body = all.subarray(bodyAt, bodyAt + head.length);
        if (body.length < head.length) return false;
        void forward(socket, message(head, body, `host: ${host}\r\naccept-encoding: identity\r\n`));
        return true;
      }),
  },
});
