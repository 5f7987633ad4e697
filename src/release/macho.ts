/** What Bun leaves of its own signature when it writes a program for macOS. */

import { Buffer } from "node:buffer";

const magic = 0xfeed_facf;
const codeSignature = 0x1d;
const segment = 0x19;
const headSize = 32;

/**
 * A Mach-O program of x64 without its signature. Bun puts the program into an executable that its makers have signed, and
 * signs anew only for arm64, where nothing runs without: what is left for x64 is a signature that no longer fits, and macOS
 * may end such a process. One without is started.
 */
export function withoutSignature(program: Uint8Array): Uint8Array {
  const bytes = Buffer.from(program);
  if (bytes.readUInt32LE(0) !== magic) throw new TypeError("This is no program for macOS");
  const commands = loadCommands(bytes);
  const signature = commands.at(-1);
  const linkedit = commands.find(({ type, at }) => type === segment && nameOf(bytes, at) === "__LINKEDIT");
  if (signature?.type !== codeSignature || linkedit === undefined)
    throw new TypeError("The signature is not the last part");
  const start = bytes.readUInt32LE(signature.at + 8);

  bytes.writeUInt32LE(commands.length - 1, 16);
  bytes.writeUInt32LE(bytes.readUInt32LE(20) - signature.size, 20);
  bytes.fill(0, signature.at, signature.at + signature.size);
  const begin = bytes.readBigUInt64LE(linkedit.at + 40);
  bytes.writeBigUInt64LE(BigInt(start) - begin, linkedit.at + 48);
  return bytes.subarray(0, start);
}

function loadCommands(bytes: Buffer): { type: number; at: number; size: number }[] {
  const commands = [];
  let at = headSize;
  for (let count = bytes.readUInt32LE(16); count > 0; count--) {
    const size = bytes.readUInt32LE(at + 4);
    commands.push({ type: bytes.readUInt32LE(at), at, size });
    at += size;
  }
  return commands;
}

function nameOf(bytes: Buffer, at: number): string {
  return bytes.toString("latin1", at + 8, at + 24).replace(/\0+$/, "");
}
