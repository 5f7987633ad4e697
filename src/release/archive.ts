/** Archives that depend on nothing but what is in them: no time, no owner, no order of a disk. */

import { Buffer } from "node:buffer";

export interface ArchivedFile {
  /** With slashes, below no folder that has to be there. */
  path: string;
  bytes: Uint8Array;
  executable?: boolean;
}

/** What tells the same everywhere, and that an unpacked file is not from the future: 1 January 1980, where zip's time begins. */
const time = { seconds: 315_532_800, zip: 0x0021_0000 };

const deflation = { library: "libdeflate", level: 6 } as const;

/** A tar archive (POSIX ustar) of these files in this order, compressed with gzip. */
export function tarGz(files: readonly ArchivedFile[]): Uint8Array {
  const blocks = files.flatMap((file) => {
    const { bytes } = file;
    return [tarHeader(file), bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Bun.gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]), deflation);
}

function tarHeader({ path, bytes, executable }: ArchivedFile): Buffer {
  const header = Buffer.alloc(512);
  if (Buffer.byteLength(path) > 99) throw new RangeError(`The path is too long for tar: ${path}`);
  const octal = (value: number, at: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, "0"), at);
  header.write(path, 0);
  octal(executable ? 0o755 : 0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes.length, 124, 12);
  octal(time.seconds, 136, 12);
  header.write("        0", 148);
  header.write("ustar\0" + "00", 257);
  // The sum is that of the header with blanks in its place.
  octal(
    header.reduce((sum, byte) => sum + byte),
    148,
    7,
  );
  header.write("\0 ", 154);
  return header;
}

/** A zip archive of these files in this order. */
export function zip(files: readonly ArchivedFile[]): Uint8Array {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let offset = 0;
  for (const { path, bytes, executable } of files) {
    const name = Buffer.from(path);
    const packed = Buffer.from(Bun.deflateSync(Buffer.from(bytes), deflation));
    const facts = [
      20,
      0x0800,
      8,
      time.zip,
      Bun.hash.crc32(bytes),
      packed.length,
      bytes.length,
      name.length,
      0,
    ] as const;
    const head = Buffer.concat([fields([0x0403_4b50, 4], ...zipFields(facts)), name]);
    const mode = (0o100000 | (executable ? 0o755 : 0o644)) * 0x1_0000;
    entries.push(
      Buffer.concat([
        // Made by version 2.0 on Unix: that is where the rights come from.
        fields([0x0201_4b50, 4], [0x0314, 2], ...zipFields(facts), [0, 2], [0, 2], [0, 2], [mode, 4], [offset, 4]),
        name,
      ]),
    );
    parts.push(head, packed);
    offset += head.length + packed.length;
  }
  const directory = Buffer.concat(entries);
  const count = files.length;
  const end = fields([0x0605_4b50, 4], [0, 4], [count, 2], [count, 2], [directory.length, 4], [offset, 4], [0, 2]);
  return Buffer.concat([...parts, directory, end]);
}

type Facts = readonly [
  version: number,
  flags: number,
  method: number,
  time: number,
  crc: number,
  packed: number,
  size: number,
  name: number,
  extra: number,
];

/** What a file's head and its entry in the directory have in common. */
function zipFields(facts: Facts): [value: number, bytes: 2 | 4][] {
  const lengths = [2, 2, 2, 4, 4, 4, 4, 2, 2] as const;
  return facts.map((value, index) => [value, lengths[index] ?? 2]);
}

/** Numbers with their lowest byte first. */
function fields(...values: [value: number, bytes: 2 | 4][]): Buffer {
  return Buffer.concat(
    values.map(([value, bytes]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );
}
