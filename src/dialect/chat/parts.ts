import { invalidRequest } from "../../messages/invalid.ts";
import type { DocumentBlock, ImageBlock, TextBlock } from "../../messages/types.ts";
import { documentBlock, imageBlock } from "../openai-media.ts";
import type { InputContent, InputPart } from "./schema.ts";

type InputBlock = TextBlock | ImageBlock | DocumentBlock;

/**
 * The content of a user's or a tool's message as blocks. Throws `invalid_request` for what no engine can read: audio,
 * stored files.
 */
export function inputBlocks(content: InputContent, path: string): InputBlock[] {
  if (typeof content === "string") return [{ type: "text", text: content }];
  return content.map((part, index) => inputBlock(part, `${path}.content.${index}`));
}

function inputBlock(part: InputPart, path: string): InputBlock {
  switch (part.type) {
    case "text":
      return { type: "text", text: part.text };
    case "image_url":
      return imageBlock(part.image_url.url, `${path}.image_url.url`);
    case "file":
      return documentBlock(part.file, `${path}.file`);
    case "input_audio":
      throw invalidRequest(path, "audio input is not supported", "unsupported_value");
  }
}
