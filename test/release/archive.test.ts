import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import { type ArchivedFile, tarGz, zip } from "../../src/release/archive.ts";
import { installPrograms } from "../support/debian.ts";
import { temporaryFolder } from "../support/environment.ts";

const files: ArchivedFile[] = [
  { path: "program", bytes: crypto.getRandomValues(new Uint8Array(60_000)), executable: true },
  { path: "a folder/ä", bytes: new TextEncoder().encode("text\n".repeat(20_000)) },
  { path: "empty", bytes: new Uint8Array() },
  { path: "exact", bytes: new Uint8Array(512) },
];

const formats: [string, (files: readonly ArchivedFile[]) => Uint8Array, string[]][] = [
  ["tar.gz", tarGz, ["tar", "-xzf", "archive"]],
  ["zip", zip, ["unzip", "-q", "archive"]],
];

describe.each(formats)("%s", (_, pack, command) => {
  test("what is packed comes out again, with its rights", async () => {
    await installPrograms({ unzip: "unzip" });
    await using folder = await temporaryFolder();
    await Bun.write(join(folder.path, "archive"), pack(files));
    const child = Bun.spawn(command, { cwd: folder.path, stderr: "pipe", stdout: "pipe" });
    expect([await child.exited, await new Response(child.stderr).text()]).toEqual([0, ""]);
    for (const { path, bytes, executable = false } of files) {
      const unpacked = join(folder.path, path);
      expect(Buffer.compare(await Bun.file(unpacked).bytes(), bytes)).toBe(0);
      expect((statSync(unpacked).mode & 0o111) !== 0).toBe(executable);
      expect(statSync(unpacked).mtime.getUTCFullYear()).toBe(1980);
    }
  }, 400_000);

  test("the same files make the same bytes, another order others", () => {
    expect(Buffer.compare(pack(files), pack(structuredClone(files)))).toBe(0);
    expect(Buffer.compare(pack(files), pack(files.toReversed()))).not.toBe(0);
  });
});

test("a path that tar has no room for is refused", () => {
  expect(() => tarGz([{ path: "x".repeat(100), bytes: new Uint8Array() }])).toThrow("too long");
});
