/**
 * The upstream of `bun run bench:native`, a process of its own: `bun upstream.ts PORT`. It answers every request with a
 * stream of 50 deltas, by the model that is asked for. Bare TCP, because it must not be what is measured.
 */

import type { Socket } from "bun";
import { formatSse } from "../../../src/wire/sse.ts";

/**
 * How an answer is written: all of it at once; each delta on its own, as fast as it goes; or a delta a second, as a model
 * that is slow.
 */
export const paces = ["burst", "deltas", "slow"] as const;
export type Pace = (typeof paces)[number];

/** The model that is answered at a pace. A full name, as the API lists them, so that no list is asked for. */
export function modelOf(pace: Pace): string {
  return `claude-bench-${pace}`;
}

/** What the deltas of an answer say. */
export const words = Array.from({ length: 50 }, (_, n) => `word ${n} of it `);

const usage = { input_tokens: 25, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };
const head = [
  "HTTP/1.1 200 OK",
  "content-type: text/event-stream; charset=utf-8",
  "cache-control: no-cache",
  "request-id: req_011CSHoEeqs5C35K2UUqR7Fy",
  "anthropic-ratelimit-requests-limit: 4000",
  "anthropic-ratelimit-requests-remaining: 3999",
  "transfer-encoding: chunked",
  "\r\n",
].join("\r\n");

/** The writes of an answer; each event is a chunk of HTTP, as the API sends it. */
const events = [
  {
    type: "message_start",
    message: {
      id: "msg_01XFDUDYJgAACzvnptvVoYEL",
      type: "message",
      role: "assistant",
      model: "claude-bench",
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    },
  },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  ...words.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
  { type: "content_block_stop", index: 0 },
  {
    type: "message_delta",
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { input_tokens: 25, output_tokens: words.length },
  },
  { type: "message_stop" },
].map((event) => chunkOf(formatSse({ event: event.type, data: JSON.stringify(event) })));
const [start = "", ...rest] = events;
const writes = [head + start, ...rest.slice(0, -1), `${rest.at(-1)}0\r\n\r\n`].map((text) => Buffer.from(text));
const whole = Buffer.concat(writes);

function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

type Connection = Socket<{ unread: Buffer | undefined }>;

const endOfHead = Buffer.from("\r\n\r\n");
const endOfChunks = Buffer.from("\r\n0\r\n\r\n");

/** The length of the first request that is whole; undefined where none is yet. */
function lengthOf(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(endOfHead);
  if (end < 0) return undefined;
  const fields = bytes.toString("latin1", 0, end);
  const body = end + endOfHead.length;
  const announced = /^content-length: *(\d+)/im.exec(fields)?.[1];
  if (announced !== undefined) return bytes.length < body + Number(announced) ? undefined : body + Number(announced);
  if (!/^transfer-encoding: *chunked/im.test(fields)) return body;
  const last = bytes.indexOf(endOfChunks, end);
  return last < 0 ? undefined : last + endOfChunks.length;
}

/** The connections that are answered slowly, with the write that is next. */
const slow = new Map<Connection, number>();

function goOn(): void {
  for (const [connection, next] of slow) {
    connection.write(writes[next] as Buffer);
    if (next + 1 < writes.length) slow.set(connection, next + 1);
    else slow.delete(connection);
  }
}

function answer(connection: Connection, request: Buffer): void {
  if (request.includes(modelOf("burst"))) {
    connection.write(whole);
    return;
  }
  if (request.includes(modelOf("slow"))) {
    connection.write(writes[0] as Buffer);
    slow.set(connection, 1);
    return;
  }
  let next = 0;
  const go = () => {
    connection.write(writes[next++] as Buffer);
    if (next < writes.length) setImmediate(go);
  };
  go();
}

if (import.meta.main) {
  setInterval(goOn, 1000);
  Bun.listen<Connection["data"]>({
    hostname: "127.0.0.1",
    port: Number(process.argv[2]),
    socket: {
      open(connection) {
        connection.data = { unread: undefined };
      },
      data(connection, bytes) {
        const { unread } = connection.data;
        let rest = unread === undefined ? bytes : Buffer.concat([unread, bytes]);
        for (let length = lengthOf(rest); length !== undefined; length = lengthOf(rest)) {
          answer(connection, rest.subarray(0, length));
          rest = rest.subarray(length);
        }
        connection.data.unread = rest.length === 0 ? undefined : Buffer.from(rest);
      },
      close(connection) {
        slow.delete(connection);
      },
      // One that loads may go in the middle of an answer.
      error() {},
    },
  });
}
