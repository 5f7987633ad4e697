/** Images and files as both OpenAI APIs send them. */

import { invalidRequest } from "../messages/invalid.ts";
import type { DocumentBlock, ImageBlock } from "../messages/types.ts";

const imageTypes: ReadonlySet<string> = new Set(["image/jpeg", "image/png", "image/gif", "image/webp"]);

/** The image of a URL. Throws `invalid_request` for a `data:` URL of a kind that no model reads. */
export function imageBlock(url: string, path: string): ImageBlock {
  if (/^https?:/i.test(url)) return { type: "image", source: { type: "url", url } };
  const { media_type: given, data } = parseDataUrl(url, path);
  // No type of any registry, but the ending of so many files.
  const media_type = given === "image/jpg" ? "image/jpeg" : given;
  if (!imageTypes.has(media_type)) {
    throw invalidRequest(path, `an image should be one of ${[...imageTypes].join(", ")}`, "invalid_value");
  }
  return { type: "image", source: { type: "base64", media_type, data } };
}

/** A file as the OpenAI APIs send it. */
export interface InputFile {
  file_data?: string | undefined;
  file_id?: string | undefined;
  filename?: string | undefined;
}

/** The document that a file brings along. Throws `invalid_request` for stored files, and for what is no PDF and no text. */
export function documentBlock({ file_data, file_id, filename }: InputFile, path: string): DocumentBlock {
  if (file_id !== undefined) {
    throw invalidRequest(`${path}.file_id`, "there is no file storage; send `file_data`", "unsupported_parameter");
  }
  if (file_data === undefined)
    throw invalidRequest(`${path}.file_data`, "Field required", "missing_required_parameter");
  const { media_type, data } = parseFile(file_data, `${path}.file_data`);
  if (media_type.startsWith("text/")) {
    const text = textOf(data);
    if (text === undefined) throw invalidRequest(`${path}.file_data`, "a text should be UTF-8", "invalid_value");
    return { type: "document", source: { type: "text", media_type: "text/plain", data: text }, title: filename };
  }
  if (media_type !== "application/pdf") {
    throw invalidRequest(`${path}.file_data`, "a file should be application/pdf or a text", "invalid_value");
  }
  return { type: "document", source: { type: "base64", media_type, data }, title: filename };
}

/** A PDF is known by how it begins, also where nothing else says that it is one. */
function parseFile(file_data: string, path: string): { media_type: string; data: string } {
  const isPdf = file_data.startsWith("JVBERi0");
  return isPdf ? { media_type: "application/pdf", data: file_data } : parseDataUrl(file_data, path);
}

function textOf(base64: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64"));
  } catch {
    return undefined;
  }
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
