/** What a program for macOS says of its signature, and whether that is true. */

const codeSignature = 0x1d;
const embedded = 0xfade_0cc0;
const codeDirectory = 0xfade_0c02;
const adHoc = 0x2;

/** "none", "ad hoc" where every page has the hash that the signature says, and what is wrong otherwise. */
export function signatureOf(program: Uint8Array): string {
  const bytes = Buffer.from(program);
  const start = signatureStart(bytes);
  if (start === undefined) return "none";
  if (bytes.readUInt32BE(start) !== embedded) return "unreadable";
  const directory = start + bytes.readUInt32BE(start + 16);
  if (bytes.readUInt32BE(directory) !== codeDirectory) return "without a directory";
  const hashes = directory + bytes.readUInt32BE(directory + 16);
  const end = bytes.readUInt32BE(directory + 32);
  const page = 2 ** bytes.readUInt8(directory + 39);
  for (let index = 0; index * page < end; index++) {
    const content = bytes.subarray(index * page, Math.min((index + 1) * page, end));
    const hash = new Bun.CryptoHasher("sha256").update(content).digest();
    if (!hash.equals(bytes.subarray(hashes + index * 32, hashes + index * 32 + 32))) return `wrong for page ${index}`;
  }
  return bytes.readUInt32BE(directory + 12) & adHoc ? "ad hoc" : "somebody's";
}

function signatureStart(bytes: Buffer): number | undefined {
  let at = 32;
  for (let count = bytes.readUInt32LE(16); count > 0; count--) {
    if (bytes.readUInt32LE(at) === codeSignature) return bytes.readUInt32LE(at + 8);
    at += bytes.readUInt32LE(at + 4);
  }
  return undefined;
}
