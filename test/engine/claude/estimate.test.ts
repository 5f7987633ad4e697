import { describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Prompt } from "../../../src/engine/claude/count.ts";
import { Estimator } from "../../../src/engine/claude/estimate.ts";
import type { ContentBlock, DocumentBlock, Message, Tool } from "../../../src/messages/types.ts";
import type { RequestBlock } from "../../support/mock-anthropic.ts";
import { tokensIn } from "../../support/mock-tokens.ts";
import { bodies, type RecordedBody } from "../../support/record-bodies.ts";

const older = "claude-opus-4-5-20251101";
const newer = "claude-sonnet-5-5";

const recorded = readdirSync(bodies).map((name) => [name] as const);

async function read(name: string): Promise<RecordedBody & { prompt: Prompt }> {
  const { tokens, body }: RecordedBody = await Bun.file(join(bodies, name)).json();
  const { system, tools = [], messages } = body;
  const prompt: Prompt = {
    texts: blocks(system).map(({ text = "" }) => text),
    tools: tools as Tool[],
    messages: messages.map(({ role, content }) => ({ role, content: blocks(content) }) as Message),
    betas: undefined,
  };
  return { tokens, body, prompt };
}

function blocks(content: string | RequestBlock[] = []): RequestBlock[] {
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

const promptOf = (...content: ContentBlock[]): Prompt => ({
  texts: [],
  tools: [],
  messages: [{ role: "user", content }],
  betas: undefined,
});

test("there are recorded bodies", () => {
  expect(recorded.length).toBeGreaterThan(2);
});

describe.each(recorded)("%s, within a tenth", (name) => {
  test("of the tokenizer that Anthropic published, for models of its time", async () => {
    const { tokens, prompt } = await read(name);
    const estimate = new Estimator(older).prompt(prompt);
    expect(Math.abs(estimate / tokens - 1)).toBeLessThan(0.1);
  });

  test("of what the mock counts, for models since Opus 4.7", async () => {
    const { body, prompt } = await read(name);
    const estimate = new Estimator(newer).prompt(prompt);
    expect(Math.abs(estimate / tokensIn(body) - 1)).toBeLessThan(0.1);
  });
});

describe("what is no text", () => {
  const image = async (width: number, height: number): Promise<ContentBlock> => {
    const pixel = new Bun.Image(
      Buffer.from(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
        "base64",
      ),
    );
    const data = await pixel.resize(width, height, { fit: "fill" }).jpeg().buffer();
    return { type: "image", source: { type: "base64", media_type: "image/jpeg", data: data.toString("base64") } };
  };
  const pdf = (pages: number): DocumentBlock => {
    const objects = `<< /Type /Pages /Count ${pages} >>\n${"<< /Type /Page /Parent 1 0 R >>\n".repeat(pages)}`;
    const data = Buffer.from(`%PDF-1.7\n${objects}`).toString("base64");
    return { type: "document", source: { type: "base64", media_type: "application/pdf", data } };
  };
  const cost = (block: ContentBlock, model = newer) => {
    const estimator = new Estimator(model);
    return estimator.prompt(promptOf(block)) - estimator.prompt(promptOf());
  };

  test("an image by its size, up to what the model sees of it", async () => {
    expect(cost(await image(300, 500))).toBe(200);
    expect(cost(await image(2000, 3000))).toBe(4784);
    expect(cost(await image(2000, 3000), older)).toBe(1600);
  });

  test("an image that can't be read, or is elsewhere, as a large one", () => {
    expect(cost({ type: "image", source: { type: "url", url: "https://example.com/a.png" } })).toBe(1600);
    for (const data of ["AAAA", ""])
      expect(cost({ type: "image", source: { type: "base64", media_type: "image/png", data } })).toBe(1600);
  });

  test("a document by its pages, or its text", () => {
    expect(cost(pdf(3))).toBe(9000);
    const words = "Nothing was decided. ".repeat(50);
    const text = cost({ type: "text", text: words });
    expect(text).toBeGreaterThan(200);
    expect(cost({ type: "document", source: { type: "text", media_type: "text/plain", data: words } })).toBe(text);
    const content = [{ type: "text" as const, text: words }];
    expect(cost({ type: "document", source: { type: "content", content } })).toBeGreaterThan(text);
  });

  test("the signature of a thought is none of it", () => {
    const thinking = "I had better look first.";
    const thought: ContentBlock = { type: "thinking", thinking, signature: "c2ln".repeat(1000) };
    expect(cost(thought)).toBe(cost({ type: "text", text: thinking }));
  });
});

test("a long run of one character is cheap, and each more is something", () => {
  const tokens = (length: number) => new Estimator(newer).text("-".repeat(length));
  expect(tokens(10_000)).toBeLessThan(500);
  expect(tokens(10_001)).toBeGreaterThan(tokens(10_000));
});
