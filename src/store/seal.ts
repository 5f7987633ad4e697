import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Seal, SealPurpose } from "../dialect/responses/memory.ts";
import { keyLength, readOrCreateKey } from "../key-file.ts";
import type { Log } from "../log.ts";

const algorithm = "aes-256-gcm";
const nonceLength = 12;
const tagLength = 16;

/**
 * The seal with the key of a state folder, which is read or made when it is first needed. Where it can be neither, the
 * log says so, and a key of this run alone does instead.
 */
export function openSeal(folder: string, log: Log): Seal {
  let key: Buffer | undefined;
  const keyOf = () => {
    try {
      return (key ??= readOrCreateKey(folder, "seal.key"));
    } catch (error) {
      const reason = (error as Error).message;
      log.warn("The key that seals reasoning can't be kept: what is sealed now can't be opened after a restart", {
        reason,
      });
      return (key = randomBytes(keyLength));
    }
  };
  return {
    close: (purpose, text) => seal(keyOf(), purpose, text),
    open: (purpose, sealed) => unseal(keyOf(), purpose, sealed),
  };
}

function seal(key: Buffer, purpose: SealPurpose, text: string): string {
  const nonce = randomBytes(nonceLength);
  const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(purpose));
  // A compaction is a whole conversation: packed, it fits into the next request.
  const body = [cipher.update(Bun.zstdCompressSync(text, { level: 1 })), cipher.final()];
  return Buffer.concat([nonce, cipher.getAuthTag(), ...body]).toString("base64url");
}

function unseal(key: Buffer, purpose: SealPurpose, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  if (bytes.length <= nonceLength + tagLength) return undefined;
  try {
    const decipher = createDecipheriv(algorithm, key, bytes.subarray(0, nonceLength))
      .setAAD(Buffer.from(purpose))
      .setAuthTag(bytes.subarray(nonceLength, nonceLength + tagLength));
    const body = bytes.subarray(nonceLength + tagLength);
    return Bun.zstdDecompressSync(Buffer.concat([decipher.update(body), decipher.final()])).toString();
  } catch {
    return undefined;
  }
}
