/**
 * The upstream of `bun run bench:peers`, a process of its own: `bun upstream.ts`, started with an IPC channel. It tells its
 * address, and what it was asked for whenever a message comes. Everybody gets the same answers, at once.
 */

import {
  lastUserText,
  startMock,
  text,
  toolUse,
  type Handler,
  type RequestBody,
} from "../../support/mock-anthropic.ts";
import { answerText, asked, toolName } from "./questions.ts";

/** What the upstream has been asked for since it started. */
export interface Traffic {
  requests: number;
  /** Bytes of the bodies of these requests. */
  bytes: number;
}

const respond: Handler = (body) => {
  const { kind, count } = asked(lastUserText(body)) ?? asked(firstUserText(body)) ?? { kind: "short", count: 4 };
  if (kind !== "errand") return text(answerText(kind, count), { chunks: kind === "short" ? 4 : count });
  const offered = body.tools?.some(({ name }) => name === toolName) === true;
  if (!offered || resultsIn(body) >= count) return text(answerText(kind, count), { chunks: 4 });
  return toolUse([{ name: toolName, input: { path: `notes-${resultsIn(body)}.txt` } }]);
};

/** An errand is told in the first message, and goes on through all that follow. */
function firstUserText(body: RequestBody): string {
  return lastUserText({ ...body, messages: body.messages.filter(({ role }) => role === "user").slice(0, 1) });
}

function resultsIn({ messages }: RequestBody): number {
  const blocks = messages.flatMap(({ content }) => (typeof content === "string" ? [] : content));
  return blocks.filter(({ type }) => type === "tool_result").length;
}

if (import.meta.main) {
  const mock = await startMock({ handler: respond });
  const traffic = (): Traffic => ({
    requests: mock.requests.length,
    bytes: mock.requests.reduce((sum, { headers }) => sum + Number(headers.get("content-length")), 0),
  });
  process.on("message", () => process.send?.(traffic()));
  process.on("disconnect", () => process.exit());
  process.send?.(mock.url);
}
