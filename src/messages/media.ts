import type { DraftMessage } from "./conversation.ts";
import { imageSize } from "./image-size.ts";
import { invalidRequest, listSome } from "./invalid.ts";
import type { ContentBlock, DocumentBlock, ImageBlock, Message } from "./types.ts";

/** How long an image may be as base64: the API counts its characters, not its bytes. */
const longestImage = 5 * 1024 * 1024;

/** From here on Claude Code makes an image smaller (measured with 2.1.329; fewer pixels for newer models). */
const largeBytes = 500 * 1024;
const largeSide = 2000;
const largeArea = 1932 ** 2;

/**
 * Throws `invalid_request` for the first image or document that no upstream can read, at its block's path: no base64, too
 * large, of the wrong kind, at an address that is none. Addresses are passed on; Sluice itself never fetches one. Gives a
 * warning that names the images which Claude Code may make smaller.
 *
 * The heads of images are read because Claude Code puts a sentence in the place of what is no image. One that is only
 * said to be of another type it mends.
 */
export function checkMedia(drafts: readonly DraftMessage[]): string[] {
  const large: string[] = [];
  for (const { content, path, resultPath } of drafts) checkBlocks(content, `${path}.content`, large, resultPath);
  return large.length === 0 ? [] : [`${listSome(large)}: Claude Code may make images of this size smaller`];
}

/** Throws `invalid_request` for more images and documents in a conversation than the model takes. */
export function checkMediaCount(messages: readonly Message[], most: number): void {
  const count = messages.reduce((sum, { content }) => sum + countMedia(content), 0);
  if (count <= most) return;
  const reason = `too many images and documents: the model takes ${most} in a request, and here are ${count}`;
  throw invalidRequest("", reason, "invalid_value");
}

function countMedia(content: readonly ContentBlock[]): number {
  return content.reduce((sum, block) => {
    if (block.type === "tool_result") return sum + countMedia(block.content);
    return sum + (block.type === "image" || block.type === "document" ? 1 : 0);
  }, 0);
}

function checkBlocks(content: readonly ContentBlock[], path: string, large: string[], resultPath?: string): void {
  for (const [index, block] of content.entries()) {
    const at = `${path}.${index}`;
    if (block.type === "tool_result") checkBlocks(block.content, resultPath ?? `${at}.content`, large);
    if (block.type === "image") checkImage(block.source, at, large);
    if (block.type !== "document") continue;
    const { source } = block;
    refuse(documentFault(source), at);
    if (source.type === "content" && typeof source.content !== "string") {
      checkBlocks(source.content, `${at}.source.content`, large);
    }
  }
}

function refuse(fault: string | undefined, path: string): void {
  if (fault !== undefined) throw invalidRequest(path, fault, "invalid_value");
}

function checkImage(source: ImageBlock["source"], path: string, large: string[]): void {
  if (source.type === "url") return refuse(addressFault(source.url), path);
  const { data } = source;
  const { length } = data;
  if (length > longestImage) refuse(`image exceeds 5 MB maximum: ${length} bytes > ${longestImage} bytes`, path);
  if (!isBase64(data)) refuse("the image should be valid base64", path);
  const file = Buffer.from(data, "base64");
  const { width, height } = imageSize(file) ?? { width: 0, height: 0 };
  const area = width * height;
  if (area === 0) refuse("the image should be a JPEG, PNG, GIF or WebP file", path);
  if (file.length > largeBytes || Math.max(width, height) > largeSide || area > largeArea) large.push(path);
}

function documentFault(source: DocumentBlock["source"]): string | undefined {
  switch (source.type) {
    case "url":
      return addressFault(source.url);
    case "base64":
      if (source.media_type !== "application/pdf") return "a document in base64 should be application/pdf";
      return isBase64(source.data) ? undefined : "the document should be valid base64";
    case "text":
      return source.media_type === "text/plain" ? undefined : "the text of a document should be text/plain";
    case "content":
      return undefined;
  }
}

function isBase64(data: string): boolean {
  return data.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(data);
}

function addressFault(url: string): string | undefined {
  const isWeb = /^https?:\/\//i.test(url) && URL.canParse(url);
  return isWeb ? undefined : "the URL should begin with `https://` or `http://`";
}
