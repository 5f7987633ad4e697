import { invalidRequest } from "../../messages/invalid.ts";
import type { DocumentBlock, ImageBlock, TextBlock } from "../../messages/types.ts";
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

const imageTypes: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

function imageBlock(url: string, path: string): ImageBlock {
  if (/^https?:/i.test(url)) return { type: "image", source: { type: "url", url } };
  const { media_type, data } = parseDataUrl(url, path);
  if (!imageTypes.has(media_type)) {
    throw invalidRequest(path, `an image should be one of ${[...imageTypes].join(", ")}`, "invalid_value");
  }
  return { type: "image", source: { type: "base64", media_type, data } };
}

type FilePart = Extract<InputPart, { type: "file" }>["file"];

function documentBlock({ file_data, file_id, filename }: FilePart, path: string): DocumentBlock {
  if (file_id !== undefined) {
    throw invalidRequest(`${path}.file_id`, "there is no file storage; send `file_data`", "unsupported_parameter");
  }
  if (file_data === undefined)
    throw invalidRequest(`${path}.file_data`, "Field required", "missing_required_parameter");
  const { media_type, data } = parseDataUrl(file_data, `${path}.file_data`);
  if (media_type !== "application/pdf") {
    throw invalidRequest(`${path}.file_data`, "a file should be application/pdf", "invalid_value");
  }
  return { type: "document", source: { type: "base64", media_type, data }, title: filename };
}

/** `data:image/png;name=a.png;base64,…`: parameters are legal, and say nothing that matters here. */
function parseDataUrl(url: string, path: string): { media_type: string; data: string } {
  const comma = url.indexOf(",");
  const [type = "", ...parameters] = url.slice(0, Math.max(comma, 0)).toLowerCase().split(";");
  if (!type.startsWith("data:") || parameters.at(-1)?.trim() !== "base64") {
    throw invalidRequest(
      path,
      "Input should be a URL that begins with `http` or with `data:<type>;base64,`",
      "invalid_value",
    );
  }
  return { media_type: type.slice("data:".length).trim(), data: url.slice(comma + 1) };
}
