/** Images to be sent, as base64. */

import { crc32, deflateSync } from "node:zlib";

/** The least that is a GIF of one pixel. */
export const tinyGif = "R0lGODlhAQABAAAAACw=";

/** A PNG without any picture in it, or with one of noise, which can't be packed. */
export function drawPng(width: number, height: number, filling: "black" | "noise" = "black"): string {
  const line = width * 3 + 1;
  const pixels = Buffer.alloc(line * height);
  // Any noise does; this one is the same each time.
  let state = 1;
  for (let at = 0; filling === "noise" && at < pixels.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    // The first byte of a line is its filter.
    if (at % line > 0) pixels[at] = state >>> 24;
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Of 8 bits, in red, green and blue.
  header.set([8, 2], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  const chunks = [chunk("IHDR", header), chunk("IDAT", deflateSync(pixels)), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([signature, ...chunks]).toString("base64");
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
