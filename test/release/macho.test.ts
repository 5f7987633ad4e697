import { expect, test } from "bun:test";
import { withoutSignature } from "../../src/release/macho.ts";
import { signatureOf } from "./macho.ts";

const linkedit = { at: 32, start: 0x1000 };
const signature = { at: 32 + 72, start: 0x1800, size: 0x200 };

/** A Mach-O program with one segment, and the signature at its end, which fits unless a page is changed. */
function program(): Buffer {
  const bytes = Buffer.alloc(signature.start + signature.size, 7);
  bytes.fill(0, 0, 256);
  for (const [value, at] of [
    [0xfeed_facf, 0],
    [2, 16],
    [72 + 16, 20],
    [0x19, linkedit.at],
    [72, linkedit.at + 4],
    [0x1d, signature.at],
    [16, signature.at + 4],
    [signature.start, signature.at + 8],
    [signature.size, signature.at + 12],
  ] as const) {
    bytes.writeUInt32LE(value, at);
  }
  bytes.write("__LINKEDIT", linkedit.at + 8);
  bytes.writeBigUInt64LE(BigInt(linkedit.start), linkedit.at + 40);
  bytes.writeBigUInt64LE(BigInt(bytes.length - linkedit.start), linkedit.at + 48);
  sign(bytes);
  return bytes;
}

function sign(bytes: Buffer): void {
  const directory = signature.start + 20;
  for (const [value, at] of [
    [0xfade_0cc0, signature.start],
    [20, signature.start + 16],
    [0xfade_0c02, directory],
    [0x2, directory + 12],
    [64, directory + 16],
    [signature.start, directory + 32],
    [12, directory + 36],
  ] as const) {
    bytes.writeUInt32BE(value, at);
  }
  for (let page = 0; page * 4096 < signature.start; page++) {
    const content = bytes.subarray(page * 4096, Math.min((page + 1) * 4096, signature.start));
    new Bun.CryptoHasher("sha256")
      .update(content)
      .digest()
      .copy(bytes, directory + 64 + page * 32);
  }
}

test("a signature that no longer fits is taken away, and all before it stays", () => {
  const signed = program();
  expect(signatureOf(signed)).toBe("ad hoc");
  signed.write("changed", 5000);
  expect(signatureOf(signed)).toBe("wrong for page 1");

  const unsigned = Buffer.from(withoutSignature(signed));
  expect(signatureOf(unsigned)).toBe("none");
  expect(unsigned.length).toBe(signature.start);
  expect([unsigned.readUInt32LE(16), unsigned.readUInt32LE(20)]).toEqual([1, 72]);
  expect(unsigned.readBigUInt64LE(linkedit.at + 48)).toBe(BigInt(signature.start - linkedit.start));
  expect(unsigned.subarray(256).equals(signed.subarray(256, signature.start))).toBe(true);
});

test("what is no such program is refused", () => {
  expect(() => withoutSignature(Buffer.alloc(4096))).toThrow("no program for macOS");
  const unsigned = withoutSignature(program());
  expect(() => withoutSignature(unsigned)).toThrow("not the last part");
});
