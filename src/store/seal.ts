import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Seal, SealPurpose } from "../dialect/responses/memory.ts";
import type { Log } from "../log.ts";

const algorithm = "aes-256-gcm";
const keyLength = 32;
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
      return (key ??= readOrCreate(folder));
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

function readOrCreate(folder: string): Buffer {
  const path = join(folder, "seal.key");
  try {
    return read(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${path}.${crypto.randomUUID()}`;
  try {
    writeFileSync(draft, randomBytes(keyLength), { mode: 0o600, flag: "wx", flush: true });
    // The name appears with the whole key behind it, or not at all; a key that is there already stays.
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return read(path);
}

function read(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { mode, uid } = fstatSync(file);
    if ((mode & 0o077) !== 0 || uid !== process.getuid?.()) {
      throw new Error(`${path} must be a file that only its owner, this user, can read`);
    }
    const key = readFileSync(file);
    if (key.length !== keyLength) throw new Error(`${path} is not a key of ${keyLength} bytes`);
    return key;
  } finally {
    closeSync(file);
  }
}
