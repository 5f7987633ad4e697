/** What a request that reached the mock says, without the CLI's own words about where it runs. */

import type { RequestBlock, RequestBody } from "./mock-anthropic.ts";

export interface SeenMessage {
  role: string;
  content: RequestBlock[];
}

/** The conversation: true roles, blocks without their marks of the cache. */
export function conversationIn(body: RequestBody | undefined): SeenMessage[] {
  return (body?.messages ?? [])
    .filter(({ role }) => role !== "system")
    .map(({ role, content }) => ({ role, content: blocksIn(content) }));
}

/** The conversation as lines such as `user: text|[image]`. */
export function linesIn(body: RequestBody | undefined): string[] {
  return conversationIn(body).map(({ role, content }) => {
    return `${role}: ${content.map((block) => block.text ?? `[${block.type}]`).join("|")}`;
  });
}

/** The texts of the system prompt, behind the two that are the CLI's. */
export function systemIn(body: RequestBody | undefined): string[] {
  const system = body?.system ?? [];
  return typeof system === "string" ? [system] : system.slice(2).map((block) => block.text ?? "");
}

function blocksIn(content: string | RequestBlock[]): RequestBlock[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.filter(({ text }) => !text?.startsWith("<system-reminder>")).map(unmarked);
}

function unmarked(block: RequestBlock): RequestBlock {
  const fields = Object.entries(block).filter(([name]) => name !== "cache_control");
  return Object.fromEntries(fields) as RequestBlock;
}
