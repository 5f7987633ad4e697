/** How the mock counts tokens, and what an answer of such a count costs. */

import type { Usage } from "../../src/messages/types.ts";
import type { RequestBlock, RequestBody } from "./mock-anthropic.ts";

type TextTokens = (text: string) => number;

/** The input tokens of a body; another tokenizer may count its texts. */
export function tokensIn(
  { model = "", system, tools = [], messages }: Partial<RequestBody> & Pick<RequestBody, "messages">,
  textTokens: TextTokens = /-4-[0-6]\b/.test(model) ? tokensBefore47 : tokensSince47,
): number {
  const definitions = sum(tools.map((tool) => 8 + textTokens(JSON.stringify(tool))));
  const said = sum(messages.map(({ content }) => 4 + contentTokens(content, textTokens)));
  return 3 + contentTokens(system, textTokens) + (tools.length > 0 ? 346 + definitions : 0) + said;
}

/** The usage of an answer to a body: its true input tokens, most of them from the cache. */
export function usageOf(body: RequestBody): Partial<Usage> {
  const tokens = tokensIn(body);
  const cache_read_input_tokens = Math.floor(tokens / 2);
  const cache_creation_input_tokens = Math.floor(tokens / 4);
  const input_tokens = tokens - cache_read_input_tokens - cache_creation_input_tokens;
  return { input_tokens, cache_read_input_tokens, cache_creation_input_tokens };
}

const pieces = /(?<word>\p{Lu}?[a-z]+|[A-Z]+)|\p{Nd}{1,3}|\p{Lo}|\p{L}{1,2}|[^\S\n]{2,}|\n+|[^\s\p{L}\p{Nd}]{1,2}/gu;

/**
 * Takes a text to pieces as tokenizers do that pair bytes: words or the parts of longer ones, numbers by three digits,
 * runs of blanks, signs by two, other letters by two or one.
 */
function tokensInText(text: string, longestWord: number): number {
  return sum([...text.matchAll(pieces)].map(({ groups }) => Math.ceil((groups?.["word"]?.length ?? 1) / longestWord)));
}

const tokensBefore47: TextTokens = (text) => tokensInText(text, 8);
const tokensSince47: TextTokens = (text) => tokensInText(text, 4);

function contentTokens(content: string | RequestBlock[] = [], textTokens: TextTokens): number {
  if (typeof content === "string") return textTokens(content);
  return sum(content.map((block) => blockTokens(block, textTokens)));
}

function blockTokens({ type, ...block }: RequestBlock, textTokens: TextTokens): number {
  switch (type) {
    case "text":
      return textTokens(block.text ?? "");
    case "thinking":
      return textTokens(String(block["thinking"]));
    case "tool_use":
      return 20 + textTokens(`${String(block["name"])} ${JSON.stringify(block["input"])}`);
    case "tool_result":
      return 20 + contentTokens(block["content"] as string | RequestBlock[], textTokens);
    case "image":
      return imageTokens(block["source"] as { data?: string });
    default:
      return textTokens(JSON.stringify(block));
  }
}

/** A PNG's, by the size in its header. */
function imageTokens({ data = "" }: { data?: string }): number {
  const png = Buffer.from(data, "base64");
  return Math.min(4784, Math.ceil((png.readUInt32BE(16) * png.readUInt32BE(20)) / 750));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
