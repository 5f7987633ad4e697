/** What an answer says, in whichever dialect and however it was asked for. */

export interface Words {
  said: string;
  thought: string;
}

interface Part {
  type?: string;
  text?: string;
  thinking?: string;
  content?: Part[];
  summary?: Part[];
}

interface Choice {
  content?: string | null;
  reasoning_content?: string;
}

interface Payload {
  type?: string;
  /** Messages. */
  content?: Part[];
  content_block?: Part;
  /** Messages, but for the Responses API, where all deltas are in the last event too. */
  delta?: Part | string;
  choices?: { message?: Choice; delta?: Choice }[];
  output?: Part[];
  response?: Payload;
}

/** The words of a body: a whole answer, or a stream of one. */
export function wordsIn(body: string): Words {
  const words = payloadsIn(body).flatMap((json) => wordsOf(JSON.parse(json) as Payload));
  return { said: words.map(({ said }) => said).join(""), thought: words.map(({ thought }) => thought).join("") };
}

function payloadsIn(body: string): string[] {
  if (body.startsWith("{")) return [body];
  const data = body.split("\n").filter((line) => line.startsWith("data: {"));
  return data.map((line) => line.slice("data: ".length));
}

function wordsOf({ type, content, content_block, delta, choices, output, response }: Payload): Words[] {
  if (response) return /completed|incomplete|failed/.test(type ?? "") ? wordsOf(response) : [];
  const choice = choices?.[0]?.message ?? choices?.[0]?.delta;
  if (choice) return [{ said: choice.content ?? "", thought: choice.reasoning_content ?? "" }];
  const items = (output ?? []).flatMap((item) => [...(item.content ?? []), ...(item.summary ?? [])]);
  const parts = [...(content ?? []), content_block, delta, ...items];
  return parts.flatMap((part) => (typeof part === "object" ? wordsOfPart(part) : []));
}

function wordsOfPart({ type, text = "", thinking = "" }: Part): Words {
  return type === "summary_text" ? { said: "", thought: text } : { said: text, thought: thinking };
}
