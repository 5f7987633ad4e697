import type { DocumentBlock, ImageBlock, TextBlock } from "../../messages/types.ts";
import { documentBlock, imageBlock } from "../openai-media.ts";
import type { Part } from "./items.ts";

/** A part of what a user or a tool says as a block. Throws `invalid_request` for media that no model reads. */
export function blockOf(part: Part, path: string): TextBlock | ImageBlock | DocumentBlock {
  switch (part.type) {
    case "input_text":
    case "output_text":
      return { type: "text", text: part.text };
    case "refusal":
      return { type: "text", text: part.refusal };
    case "input_image":
      return imageBlock(part.image_url, `${path}.image_url`);
    case "input_file":
      if (part.file_url !== undefined) {
        return { type: "document", source: { type: "url", url: part.file_url }, title: part.filename };
      }
      return documentBlock(part, path);
  }
}
