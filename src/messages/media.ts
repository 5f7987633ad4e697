import type { DraftMessage } from "./conversation.ts";
import { invalidRequest } from "./invalid.ts";
import type { ContentBlock } from "./types.ts";

/** How long an image may be as base64: the API counts its characters, not its bytes. */
const longestImage = 5 * 1024 * 1024;

/** How the files begin that the API takes as images: JPEG, PNG, GIF, WebP. */
const signatures = [/^\xff\xd8\xff/, /^\x89PNG\r\n/, /^GIF8[79]a/, /^RIFF....WEBP/s];

/**
 * Throws `invalid_request` for the first image or document that no upstream can read, at its block's path: no base64, too
 * large, of the wrong kind, at an address that is none. Addresses are passed on; Sluice itself never fetches one.
 *
 * The bytes of images are looked at because Claude Code puts a sentence in the place of what is no image. One that is
 * only said to be of another type it mends.
 */
export function checkMedia(drafts: readonly DraftMessage[]): void {
  for (const { content, path } of drafts) checkBlocks(content, path);
}

function checkBlocks(content: readonly ContentBlock[], path: string): void {
  for (const [index, block] of content.entries()) {
    const fault = faultOf(block);
    if (fault !== undefined) throw invalidRequest(`${path}.content.${index}`, fault, "invalid_value");
    if (block.type === "tool_result") checkBlocks(block.content, `${path}.content.${index}`);
  }
}

function faultOf(block: ContentBlock): string | undefined {
  if (block.type !== "image" && block.type !== "document") return undefined;
  const { source } = block;
  switch (source.type) {
    case "url":
      return isWebAddress(source.url) ? undefined : "the URL should begin with `https://` or `http://`";
    case "base64":
      return block.type === "image" ? imageFault(source.data) : pdfFault(source);
    case "text":
      return source.media_type === "text/plain" ? undefined : "the text of a document should be text/plain";
    case "content":
      return undefined;
  }
}

function imageFault(data: string): string | undefined {
  if (data.length > longestImage) return `image exceeds 5 MB maximum: ${data.length} bytes > ${longestImage} bytes`;
  if (!isBase64(data)) return "the image should be valid base64";
  const head = atob(data.slice(0, 24));
  return signatures.some((signature) => signature.test(head))
    ? undefined
    : "the image should be a JPEG, PNG, GIF or WebP file";
}

function pdfFault({ media_type, data }: { media_type: string; data: string }): string | undefined {
  if (media_type !== "application/pdf") return "a document in base64 should be application/pdf";
  return isBase64(data) ? undefined : "the document should be valid base64";
}

function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
}

function isWebAddress(url: string): boolean {
  return /^https?:\/\//i.test(url) && URL.canParse(url);
}
