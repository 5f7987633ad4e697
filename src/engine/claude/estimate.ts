import { imageSize } from "../../messages/image-size.ts";
import type { ContentBlock, DocumentBlock, ImageBlock, Tool } from "../../messages/types.ts";
import type { Prompt } from "./count.ts";

/**
 * What a run of characters of one kind comes to in tokens: to begin it, and for each character. Fitted to the tokenizer
 * that Anthropic published (@anthropic-ai/tokenizer), on manuals, programs, data, and prose in thirty languages.
 */
const kinds = [
  { name: "lower", start: 0.67, each: 0.08 },
  { name: "upper", start: 0, each: 0.21 },
  { name: "digit", start: 0.76, each: 0.29 },
  { name: "blank", start: 0, each: 0 },
  { name: "newline", start: 0, each: 1.04 },
  { name: "sign", start: 0.96, each: 0.07 },
  { name: "accented", start: 3.1, each: 0 },
  { name: "Greek, Cyrillic", start: 2, each: 0.3 },
  { name: "kana", start: 0.91, each: 0.6 },
  { name: "han", start: 0.93, each: 1 },
  { name: "hangul", start: 0, each: 1.33 },
  { name: "other", start: 0, each: 0.5 },
] as const;

type Kind = (typeof kinds)[number]["name"];

/** The kinds by UTF-16 unit: from here up to the next. */
const ranges: [from: number, kind: Kind][] = [
  [0, "sign"],
  [9, "blank"],
  [10, "newline"],
  [11, "sign"],
  [13, "newline"],
  [14, "sign"],
  [32, "blank"],
  [33, "sign"],
  [48, "digit"],
  [58, "sign"],
  [65, "upper"],
  [91, "sign"],
  [97, "lower"],
  [123, "sign"],
  [0x80, "accented"],
  [0x370, "Greek, Cyrillic"],
  [0x590, "other"],
  [0x1e00, "accented"],
  [0x1f00, "other"],
  [0x3040, "kana"],
  [0x3100, "other"],
  [0x3400, "han"],
  [0xa000, "other"],
  [0xac00, "hangul"],
  [0xd7b0, "other"],
];

const kindOf = new Uint8Array(0x10000);
for (const [from, kind] of ranges)
  kindOf.fill(
    kinds.findIndex(({ name }) => name === kind),
    from,
  );

/** Characters of a run beyond these that only repeat the one before them. */
const longRun = 16;
const repeated = 0.2;

/** Since Opus 4.7 words of Latin letters come to more tokens; everything else to as many as before. */
const newerWords = 1.45;
const wordKinds = new Set<Kind>(["lower", "upper", "accented"]);
const olderModels = /^claude-(?:[1-3]|(?:opus|sonnet|haiku)-4(?:-[0-6])?(?:-\d{8}|-latest)?$)/;

/** Says how many tokens something comes to, about. */
export class Estimator {
  readonly #starts: number[];
  readonly #each: number[];
  readonly #largestImage: number;

  /** `model` is the full id. */
  constructor(model: string) {
    const older = olderModels.test(model);
    const factor = (kind: Kind) => (wordKinds.has(kind) && !older ? newerWords : 1);
    this.#starts = kinds.map(({ name, start }) => start * factor(name));
    this.#each = kinds.map(({ name, each }) => each * factor(name));
    this.#largestImage = older ? 1_600 : 4_784;
  }

  text(text: string): number {
    let tokens = 0;
    let kind = -1;
    let length = 0;
    for (let index = 0; index < text.length; index++) {
      const unit = text.charCodeAt(index);
      const next = kindOf[unit] as number;
      if (next !== kind) {
        kind = next;
        length = 0;
        tokens += this.#starts[kind] as number;
      }
      const repeats = ++length > longRun && unit === text.charCodeAt(index - 1);
      tokens += repeats ? repeated * (this.#each[kind] as number) : (this.#each[kind] as number);
    }
    return tokens;
  }

  prompt({ texts, tools, messages }: Prompt): number {
    const around = beginning + messages.length * aroundMessage;
    const said = sum(messages.map(({ content }) => this.#blocks(content)));
    return around + this.#texts(texts) + this.#tools(tools) + said;
  }

  #texts(texts: readonly string[]): number {
    return sum(texts.map((text) => this.text(text)));
  }

  #tools(tools: readonly Tool[]): number {
    return (tools.length > 0 ? aroundTools : 0) + this.#texts(tools.map((tool) => JSON.stringify(tool)));
  }

  #blocks(blocks: readonly ContentBlock[]): number {
    return sum(blocks.map((block) => this.#block(block)));
  }

  #block(block: ContentBlock): number {
    switch (block.type) {
      case "text":
        return this.text(block.text);
      case "image":
        return this.#image(block);
      case "document":
        return this.#document(block);
      case "thinking":
        return this.text(block.thinking);
      case "redacted_thinking":
        return this.text(block.data);
      case "tool_use":
        return aroundCall + this.text(block.name) + this.text(JSON.stringify(block.input));
      case "tool_result":
        return aroundCall + this.#blocks(block.content);
      case "search_result":
        return this.#texts([block.title, block.source, ...block.content.map(({ text }) => text)]);
    }
  }

  /** An image of which nothing is known counts as a large one. */
  #image({ source }: ImageBlock): number {
    const size =
      source.type === "base64" ? imageSize(Buffer.from(source.data.slice(0, imageHead), "base64")) : undefined;
    if (size === undefined) return largeImage;
    return Math.min(this.#largestImage, Math.ceil((size.width * size.height) / pixelsPerToken));
  }

  #document({ source, title, context }: DocumentBlock): number {
    const around = this.#texts([title ?? "", context ?? ""]);
    switch (source.type) {
      case "text":
        return around + this.text(source.data);
      case "content":
        return around + this.text(typeof source.content === "string" ? source.content : JSON.stringify(source.content));
      case "base64":
        return around + pagesOf(source.data) * page;
      case "url":
        return around + page;
    }
  }
}

/** What the API puts around what it is given, by its documentation and by what it counts for next to nothing. */
const beginning = 3;
const aroundMessage = 4;
const aroundTools = 346;
const aroundCall = 20;
/** A page of a PDF: its text, and its picture. */
const page = 3_000;

const pixelsPerToken = 750;
const largeImage = 1_600;
/** Where an image says how large it is, in base64. */
const imageHead = 400_000;

function pagesOf(pdf: string): number {
  const text = Buffer.from(pdf, "base64").toString("latin1");
  return Math.max(1, text.match(/\/Type\s*\/Page\b/g)?.length ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
