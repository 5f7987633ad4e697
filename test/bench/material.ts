/** What the measured requests are made of. */

import type { Message, Tool } from "../../src/messages/types.ts";
import type { Handler } from "../support/mock-anthropic.ts";
import { lastUserText, text, toolUse } from "../support/mock-anthropic.ts";

const sentence = "The quick brown fox jumps over the lazy dog while the benchmark counts its milliseconds. ";

/** About 2 kB, as a small agent sends. */
export const system = `You are the assistant of a benchmark. ${sentence.repeat(22)}`;

export const tools: Tool[] = [
  tool("read_file", { path: "string", offset: "integer", limit: "integer" }),
  tool("write_file", { path: "string", content: "string" }),
  tool("search", { pattern: "string", folder: "string", case_sensitive: "boolean" }),
  tool("run_command", { command: "string", timeout: "integer" }),
  tool("fetch_page", { address: "string" }),
];

function tool(name: string, fields: Record<string, string>): Tool {
  const properties = Object.entries(fields).map(([field, type]) => [field, { type, description: sentence.trim() }]);
  return {
    name,
    description: `The tool ${name}. ${sentence.repeat(3)}`,
    input_schema: {
      type: "object",
      properties: Object.fromEntries(properties),
      required: Object.keys(fields).slice(0, 1),
    },
  };
}

/** Turns that were spoken before, of the length of a chat. No two calls give the same: nothing can be live for them. */
export function pairs(count: number): Message[] {
  const id = crypto.randomUUID();
  return Array.from({ length: count }, (_, n): Message[] => [
    { role: "user", content: [{ type: "text", text: `Question ${n} of ${id}: ${sentence.repeat(2)}` }] },
    { role: "assistant", content: [{ type: "text", text: `Answer ${n}: ${sentence.repeat(4)}` }] },
  ]).flat();
}

/** A question that the upstream answers with a text. */
export function question(): string {
  return `What about ${crypto.randomUUID()}? ${sentence}`;
}

/** A question that the upstream answers with a call of the first tool. */
export function errand(): string {
  return `${errandMark} ${question()}`;
}

const errandMark = "Please read the file.";

/** The upstream: at once, the same for everybody. */
export const respond: Handler = (body) => {
  if (!lastUserText(body).includes(errandMark)) return text(sentence.repeat(3).trim(), { chunks: 4 });
  return toolUse([{ name: "read_file", input: { path: "notes.txt" } }]);
};
