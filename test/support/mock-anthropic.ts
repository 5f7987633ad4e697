/** A Messages API on loopback, for the real CLI and for native mode. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import { formatSse } from "../../src/wire/sse.ts";
import { eventually } from "./environment.ts";
import {
  error,
  type ErrorReply,
  eventsOf,
  type MessageReply,
  messageOf,
  type Reply,
  type StreamEvent,
  text,
} from "./mock-replies.ts";
import { tokensIn } from "./mock-tokens.ts";

export * from "./mock-replies.ts";

/** A request body as an upstream sees it: what tests look at has a type, the rest is there. */
export interface RequestBody {
  model: string;
  messages: { role: string; content: string | RequestBlock[] }[];
  system?: string | RequestBlock[];
  tools?: { name: string; description?: string; input_schema?: unknown }[];
  max_tokens?: number;
  stream?: boolean;
  [field: string]: unknown;
}

export interface RequestBlock {
  type: string;
  text?: string;
  [field: string]: unknown;
}

/** A call of `POST /v1/messages`. */
export interface RecordedRequest {
  method: string;
  /** Without the query. */
  path: string;
  headers: Headers;
  body: RequestBody;
  /** When it came, in milliseconds of `performance.now()`. */
  at: number;
  /** Whether the client left before the answer was done. */
  aborted: boolean;
  /** Whether the mock cut the connection. */
  cut: boolean;
  /** When the exchange was over, in milliseconds of `performance.now()`: by a complete answer, a cut, or the client. */
  closed: Promise<number>;
}

/** A body whose tokens are to be counted: undefined never ends. */
export type Counter = (body: RequestBody) => number | ErrorReply | undefined;

/** Chooses the answer to the request, the n-th from 1. */
export type Handler = (body: RequestBody, request: RecordedRequest, n: number) => Reply | Promise<Reply>;

export interface Mock extends AsyncDisposable {
  /** The base URL, without a slash at its end. */
  readonly url: string;
  /** The calls of `POST /v1/messages`, in order. */
  readonly requests: readonly RecordedRequest[];
  /** The bodies of `POST /v1/messages/count_tokens`, in order. */
  readonly counts: readonly RequestBody[];
  /** Counts in the following; `tokensIn` until then. */
  count(counter: Counter): void;
  /** Everything else that was asked for, as `GET /path`. */
  readonly strays: readonly string[];
  /** Answers the following requests. */
  respond(handler: Handler): void;
  /** The requests, once there are n of them. */
  waitFor(n: number): Promise<readonly RecordedRequest[]>;
  /** Drops the requests that there were. */
  forget(): void;
  stop(): Promise<void>;
}

export interface MockOptions {
  handler?: Handler;
}

/** Starts the mock on a port of its own. It answers with an echo of the last user text, until told otherwise. */
export async function startMock(options: MockOptions = {}): Promise<Mock> {
  const requests: RecordedRequest[] = [];
  const counts: RequestBody[] = [];
  const strays: string[] = [];
  let counter: Counter = (body) => tokensIn(body);
  let handler = options.handler ?? echo;

  // node:http rather than Bun.serve: it can end the connection in the middle of a stream without a report on stderr.
  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? "/", "http://mock").pathname;
    if (request.method === "POST" && path === "/v1/messages/count_tokens") {
      const body = (await json(request)) as RequestBody;
      counts.push(body);
      return sendCount(response, counter(body), `req_mock_count_${counts.length}`);
    }
    if (request.method !== "POST" || path !== "/v1/messages") {
      strays.push(`${request.method} ${path}`);
      if (request.method === "HEAD" && path === "/") return void response.end();
      return sendError(
        response,
        error(404, "not_found_error", `Not found: ${path}`),
        `req_mock_stray_${strays.length}`,
      );
    }
    const body = (await json(request).catch(() => undefined)) as Partial<RequestBody> | null | undefined;
    if (body?.messages === undefined) {
      return sendError(response, error(400, "invalid_request_error", "No JSON, or no messages"), "req_mock_bad");
    }
    const record = recordOf(request, response, path, body as RequestBody);
    const n = requests.push(record);
    await send(response, record, await handler(record.body, record, n), n);
  });
  // The defaults end what is slow or idle; a mock that does so would be a second, hidden source of failures.
  Object.assign(server, { requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    counts,
    count: (next) => {
      counter = next;
    },
    strays,
    respond: (next) => {
      handler = next;
    },
    forget: () => void requests.splice(0),
    waitFor: async (n) => {
      await eventually(() => requests.length >= n);
      return requests;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** The text of the last user message. */
export function lastUserText(body: RequestBody): string {
  const content = body.messages.findLast((message) => message.role === "user")?.content ?? "";
  if (typeof content === "string") return content;
  return content.flatMap((block) => block.text ?? []).join("\n");
}

const echo: Handler = (body) => text(`You said: ${lastUserText(body)}`);

function recordOf(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  body: RequestBody,
): RecordedRequest {
  const over = Promise.withResolvers<number>();
  const record: RecordedRequest = {
    method: request.method ?? "",
    path,
    headers: new Headers(request.headers as Record<string, string>),
    body,
    at: performance.now(),
    aborted: false,
    cut: false,
    closed: over.promise,
  };
  response.on("close", () => {
    record.aborted = !response.writableEnded && !record.cut;
    over.resolve(performance.now());
  });
  return record;
}

async function send(response: ServerResponse, record: RecordedRequest, reply: Reply, n: number): Promise<void> {
  const requestId = `req_mock_${n}`;
  if (reply.kind === "error") return sendError(response, reply, requestId);
  const streamed = reply.kind === "events" || record.body.stream === true;
  const headers = { ...(reply.kind === "message" && reply.headers), "request-id": requestId };
  if (streamed) response.writeHead(200, { ...headers, "content-type": "text/event-stream; charset=utf-8" });
  if (reply.kind === "events") {
    for (const event of reply.events) sendEvent(response, event);
    return void response.end();
  }

  const message = messageOf(reply, `msg_mock_${n}`, record.body.model);
  if (streamed) await sendEvents(response, reply, eventsOf(message, reply.chunks));
  switch (reply.breakage?.by) {
    case "stall":
      return;
    case "cut":
      await (reply.breakage.when ?? Bun.sleep(200));
      record.cut = true;
      return void response.socket?.end();
  }
  if (streamed) response.end();
  else sendJson(response, 200, message, headers);
}

async function sendEvents(response: ServerResponse, reply: MessageReply, all: StreamEvent[]): Promise<void> {
  const { breakage, delayMs } = reply;
  for (const [position, event] of all.slice(0, breakage?.afterEvents).entries()) {
    if (position > 0 && delayMs > 0) await Bun.sleep(delayMs);
    if (response.destroyed) return;
    sendEvent(response, event);
  }
  if (breakage?.by !== "error") return;
  sendEvent(response, { type: "error", error: { type: breakage.type, message: breakage.message } });
}

function sendEvent(response: ServerResponse, event: StreamEvent): void {
  response.write(formatSse({ event: event.type, data: JSON.stringify(event) }));
}

function sendCount(response: ServerResponse, counted: ReturnType<Counter>, requestId: string): void {
  if (typeof counted === "object") return sendError(response, counted, requestId);
  if (counted !== undefined) sendJson(response, 200, { input_tokens: counted }, { "request-id": requestId });
}

function sendError(response: ServerResponse, reply: ErrorReply, requestId: string): void {
  const { status, type, message, headers } = reply;
  const body = { type: "error", error: { type, message }, request_id: requestId };
  sendJson(response, status, body, { ...headers, "request-id": requestId });
}

function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string>): void {
  response.writeHead(status, { ...headers, "content-type": "application/json" }).end(JSON.stringify(body));
}
