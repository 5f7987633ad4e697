/** How many pixels wide and high an image is. */
export interface ImageSize {
  width: number;
  height: number;
}

/** The size of a JPEG, PNG, GIF or WebP file by its header; undefined for anything else. */
export function imageSize(file: Buffer): ImageSize | undefined {
  const begins = (bytes: string, at = 0) => file.subarray(at, at + bytes.length).equals(Buffer.from(bytes, "latin1"));
  if (begins("\x89PNG\r\n\x1a\n") && begins("IHDR", 12) && file.length >= 24) {
    return { width: file.readUInt32BE(16), height: file.readUInt32BE(20) };
  }
  if ((begins("GIF87a") || begins("GIF89a")) && file.length >= 10) {
    return { width: file.readUInt16LE(6), height: file.readUInt16LE(8) };
  }
  if (begins("RIFF") && begins("WEBP", 8) && file.length >= 30) return webpSize(file);
  return begins("\xff\xd8\xff") ? jpegSize(file) : undefined;
}

/** Of its first chunk: lossy, lossless, or the head of several. */
function webpSize(file: Buffer): ImageSize | undefined {
  switch (file.toString("latin1", 12, 16)) {
    case "VP8 ":
      return { width: file.readUInt16LE(26) & 0x3fff, height: file.readUInt16LE(28) & 0x3fff };
    case "VP8L": {
      const bits = file.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1 };
    }
    case "VP8X":
      return { width: file.readUIntLE(24, 3) + 1, height: file.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** Of the segment that begins a frame; those before it, such as a camera's notes, are passed over. */
function jpegSize(file: Buffer): ImageSize | undefined {
  for (let at = 2; at + 9 <= file.length && file[at] === 0xff;) {
    const marker = file.readUInt8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: file.readUInt16BE(at + 7), height: file.readUInt16BE(at + 5) };
    // 0xff only fills the space before a marker.
    at += marker === 0xff ? 1 : 2 + file.readUInt16BE(at + 2);
  }
  return undefined;
}
