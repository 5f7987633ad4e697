import { describe, expect, test } from "bun:test";
import { ProxyError } from "../../src/error.ts";
import { imageSize } from "../../src/messages/image-size.ts";
import { checkMedia } from "../../src/messages/media.ts";
import type { ContentBlock, DocumentBlock, ImageBlock } from "../../src/messages/types.ts";
import { drawPng, tinyGif } from "../support/images.ts";

const image = (data: string): ImageBlock => ({
  type: "image",
  source: { type: "base64", media_type: "image/png", data },
});
const check = (...content: ContentBlock[]) => checkMedia([{ role: "user", content, path: "messages.3" }]);

function faultOf(block: ContentBlock): string | undefined {
  try {
    check(block);
    return undefined;
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error;
    return error.message;
  }
}

const bytes = (...parts: (string | number[])[]) =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string, "latin1")));

describe("the size of an image", () => {
  test.each<[string, Buffer, number, number]>([
    ["PNG", Buffer.from(drawPng(300, 7), "base64"), 300, 7],
    ["GIF", bytes("GIF89a", [0x2c, 0x01, 7, 0]), 300, 7],
    ["WebP, lossy", bytes("RIFF....WEBPVP8 ....", [0, 0, 0, 0x9d, 1, 0x2a, 0x2c, 0x41, 7, 0]), 300, 7],
    ["WebP, lossless", bytes("RIFF....WEBPVP8L....", [0x2f, 0x2b, 0x81, 1, 0], "....."), 300, 7],
    ["WebP, extended", bytes("RIFF....WEBPVP8X....", [0, 0, 0, 0, 0x2b, 1, 0, 6, 0, 0]), 300, 7],
    ["JPEG", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 17, 8, 0, 7, 1, 0x2c, 3]), 300, 7],
  ])("%s", (_, file, width, height) => {
    expect(imageSize(file)).toEqual({ width, height });
    for (let length = 0; length < Math.min(file.length, 19); length++) {
      expect(() => imageSize(file.subarray(0, length))).not.toThrow();
    }
    expect(imageSize(file.subarray(0, 9))).toBeUndefined();
  });

  test("none of a JPEG that has no frame, nor of anything else", () => {
    const segments = Array.from({ length: 1000 }, () => [0xff, 0xe1, 0, 2]).flat();
    expect(imageSize(bytes([0xff, 0xd8, ...segments]))).toBeUndefined();
    expect(imageSize(bytes([0xff, 0xd8, 0xff, 0xe1, 0, 4, 1, 2, 3, 4, 5, 6, 7]))).toBeUndefined();
    expect(imageSize(bytes("<svg xmlns='http://www.w3.org/2000/svg'/>"))).toBeUndefined();
  });
});

describe("an image", () => {
  test("that is none is refused, wherever it is: the CLI would send a sentence in its place", () => {
    const broken = image(Buffer.from("\x89PNG\r\n\x1a\nand so on and so on", "latin1").toString("base64"));
    const fault = "the image should be a JPEG, PNG, GIF or WebP file";
    expect(faultOf(broken)).toBe(`messages.3.content.0: ${fault}`);
    expect(faultOf({ type: "tool_result", tool_use_id: "t", content: [broken] })).toBe(
      `messages.3.content.0.content.0: ${fault}`,
    );
    expect(faultOf({ type: "document", source: { type: "content", content: [broken] } })).toBe(
      `messages.3.content.0.source.content.0: ${fault}`,
    );
    expect(faultOf(image(drawPng(0, 5)))).toContain(fault);
    expect(faultOf(image(tinyGif))).toBeUndefined();
  });

  test("that the CLI may make smaller is named", () => {
    const small = drawPng(1900, 1900);
    const url: ImageBlock = { type: "image", source: { type: "url", url: "https://example.com/a" } };
    const text: DocumentBlock = { type: "document", source: { type: "content", content: "a" } };
    expect(check(image(small), url, text)).toEqual([]);
    const heavy = drawPng(500, 500, "noise");
    expect(check(image(small), image(heavy), image(drawPng(2001, 1)), image(drawPng(2000, 2000)))).toEqual([
      "messages.3.content.1, messages.3.content.2, messages.3.content.3: " +
        "Claude Code may make images of this size smaller",
    ]);
  });
});
