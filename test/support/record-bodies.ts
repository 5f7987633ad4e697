/**
 * Bodies that the real CLI sends to the upstream, and what they come to by the tokenizer that Anthropic published. Those
 * in `test/fixtures/bodies` are made here: `bun test/support/record-bodies.ts <folder of @anthropic-ai/tokenizer>`.
 */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type Anthropic from "@anthropic-ai/sdk";
import type { RecordedRequest, RequestBody } from "./mock-anthropic.ts";
import { tokensIn } from "./mock-tokens.ts";
import { startSluice } from "./sluice.ts";

export const bodies = resolve(import.meta.dir, "../fixtures/bodies");

/** A body, and its input tokens for a model as old as the tokenizer. */
export interface RecordedBody {
  tokens: number;
  body: Pick<RequestBody, "system" | "tools" | "messages">;
}

type Params = Omit<Anthropic.MessageCreateParamsNonStreaming, "model" | "max_tokens">;

const user = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "user", content });
const said = (content: Anthropic.MessageParam["content"]): Anthropic.MessageParam => ({ role: "assistant", content });
const source = (path: string) => readFileSync(resolve(import.meta.dir, "../..", path), "utf8");

/** One step of a coding agent: a call, and its result. */
function step(id: string, words: string, name: string, input: object, result: string): Anthropic.MessageParam[] {
  return [
    said([
      { type: "text", text: words },
      { type: "tool_use", id, name, input },
    ]),
    user([{ type: "tool_result", tool_use_id: id, content: result }]),
  ];
}

function tool(name: string, description: string, fields: Record<string, string>): Anthropic.Tool {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([field, what]) => [field, { type: "string", description: what }]),
  );
  return { name, description, input_schema: { type: "object", properties, required: Object.keys(fields) } };
}

const log = Array.from({ length: 40 }, (_, n) => {
  const at = new Date(1_790_000_000_000 + n * 61_337).toISOString();
  return `${at} level=${n % 7 === 0 ? "warn" : "info"} msg="GET /v1/models" request_id=req_${(n * 7_919_777).toString(36)} status=${n % 7 === 0 ? 503 : 200} ms=${(n * 37) % 211}`;
}).join("\n");

const scenes: Record<string, Params> = {
  chat: {
    system: "You are a patient teacher of history. Answer in the language of the question, and in few words.",
    messages: [
      user(
        "Why did the Hanseatic League decline? I read that it was the herring, but that sounds too simple to be true.",
      ),
      said(
        "The herring is a good story, and there is some truth in it: when the shoals left the Baltic for the North Sea, a trade that Lübeck had ruled for two centuries was gone. But three slower things weighed more. Territorial princes grew strong enough to tax their own towns and had no use for a league that answered to nobody. Dutch shipbuilders made larger vessels that needed smaller crews, and sold freight at prices which no old guild could match. And the league itself had neither an army nor a treasury; its members quarrelled over every tariff, and by the time they met, the ships had sailed.",
      ),
      user(
        "Und welche Rolle spielte dabei Köln? Ich habe gelesen, die Stadt sei zeitweise sogar ausgeschlossen worden, weil sie im Streit mit England auf eigene Rechnung verhandelte. Stimmt das, und wie lange dauerte es?",
      ),
      said(
        "Ja: Von 1471 bis 1476 war Köln ausgeschlossen, weil es sich im Krieg der Hanse gegen England nicht beteiligt hatte.",
      ),
      user("では、日本の堺のような自由都市と比べると、どんな違いがありますか。簡単に説明してください。"),
      said(
        "堺は商人の会合衆によって治められ、堀で守られた都市でしたが、都市同盟の一員ではなく、最後は信長の支配に入りました。",
      ),
      user("And did anything like a league of towns ever come about there? Two or three sentences are enough, please."),
    ],
  },
  coding: {
    system:
      "You are a coding agent. Work in small steps: read before you write, run the tests after every change, and say what you did in one sentence. Never touch files outside the repository.",
    tools: [
      tool("read_file", "Reads a file and returns its text. Fails for folders and for files larger than 1 MB.", {
        path: "The path, relative to the root of the repository",
      }),
      tool("write_file", "Writes a file, and makes the folders above it. What was in it before is lost.", {
        path: "The path",
        content: "The whole new text of the file",
      }),
      tool("run", "Runs a shell command in the root of the repository and returns what it printed.", {
        command: "The command line",
      }),
      tool("search", "Finds lines by a regular expression, in the whole repository, in the order of their files.", {
        pattern: "The regular expression",
        glob: "Only files whose path matches this",
      }),
    ],
    messages: [
      user("The stream sends events with an empty line too many. Find out where, and mend it."),
      ...step(
        "toolu_1",
        "I'll look at the writer first.",
        "read_file",
        { path: "src/wire/sse.ts" },
        source("src/wire/sse.ts"),
      ),
      ...step(
        "toolu_2",
        "And at its tests.",
        "read_file",
        { path: "test/wire/sse.test.ts" },
        source("test/wire/sse.test.ts"),
      ),
      ...step("toolu_3", "Which versions are in use?", "run", { command: "cat package.json" }, source("package.json")),
      ...step("toolu_4", "Now the log of the last run.", "run", { command: "tail -n 40 sluice.log" }, log),
    ],
  },
  data: {
    messages: [
      user(
        `Which of these orders are late?\n\n${JSON.stringify(
          Array.from({ length: 30 }, (_, n) => ({
            id: `ord_${(n * 104_729).toString(16)}`,
            customer: ["Müller GmbH", "ACME Inc.", "Société Générale", "Иванов и сыновья"][n % 4],
            items: [{ sku: `A-${1000 + n * 13}`, quantity: (n % 5) + 1, price: (n * 3.37 + 0.99).toFixed(2) }],
            due: new Date(1_790_000_000_000 + n * 86_400_000).toISOString().slice(0, 10),
            shipped: n % 3 === 0 ? null : true,
          })),
          null,
          2,
        )}`,
      ),
    ],
  },
};

if (import.meta.main) {
  const { countTokens } = (await import(resolve(process.argv[2] ?? ""))) as { countTokens(text: string): number };
  await using sluice = await startSluice();
  mkdirSync(bodies, { recursive: true });
  for (const [name, params] of Object.entries(scenes)) {
    await sluice.anthropic.messages.create({ model: "claude-opus-4-5", max_tokens: 1000, ...params });
    const [{ body: seen }] = sluice.mock.requests.slice(-1) as [RecordedRequest];
    const { system, tools, messages } = seen;
    const body: RecordedBody["body"] = { messages, ...(system && { system }), ...(tools?.length && { tools }) };
    const tokens = tokensIn(body, countTokens);
    writeFileSync(
      join(bodies, `${name}.json`),
      `${JSON.stringify({ tokens, body } satisfies RecordedBody, null, 2)}\n`,
    );
    console.log(name, tokens);
  }
}
