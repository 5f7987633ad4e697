import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { createLog } from "../../src/log.ts";
import { openSeal } from "../../src/store/seal.ts";
import { temporaryFolder } from "../support/environment.ts";

const silent = createLog("silent");

describe("what is sealed", () => {
  test("can be opened here, by the same folder, and nowhere else", async () => {
    await using one = await temporaryFolder();
    await using other = await temporaryFolder();
    const seal = openSeal(one.path, silent);
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        const sealed = seal.close("reasoning", text);
        expect(sealed).toMatch(/^[\w-]+$/);
        expect(seal.open("reasoning", sealed)).toBe(text);
        expect(openSeal(one.path, silent).open("reasoning", sealed)).toBe(text);
        expect(seal.open("compaction", sealed)).toBeUndefined();
        expect(openSeal(other.path, silent).open("reasoning", sealed)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  test("can't be changed, and nothing else can be opened", async () => {
    await using folder = await temporaryFolder();
    const seal = openSeal(folder.path, silent);
    const sealed = Buffer.from(seal.close("reasoning", "thinking"), "base64url");
    for (let at = 0; at < sealed.length; at++) {
      const forged = Buffer.from(sealed);
      forged[at] = (forged[at] ?? 0) ^ 1;
      expect(seal.open("reasoning", forged.toString("base64url"))).toBeUndefined();
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => seal.open("reasoning", text) === undefined),
    );
  });
});

describe("the key", () => {
  test("is made once, readable to the user alone, and leaves no draft behind", async () => {
    await using folder = await temporaryFolder();
    const state = join(folder.path, "state");
    const sealed = openSeal(state, silent).close("reasoning", "a");
    expect(readdirSync(state)).toEqual(["seal.key"]);
    expect(statSync(state).mode & 0o777).toBe(0o700);
    expect(statSync(join(state, "seal.key"))).toMatchObject({ size: 32 });
    expect(statSync(join(state, "seal.key")).mode & 0o777).toBe(0o600);
    expect(openSeal(state, silent).open("reasoning", sealed)).toBe("a");
  });

  test.each<[string, (file: string) => void]>([
    [
      "a link",
      (file) => {
        writeFileSync(`${file}.real`, Buffer.alloc(32), { mode: 0o600 });
        symlinkSync(`${file}.real`, file);
      },
    ],
    ["a link to nothing", (file) => symlinkSync(`${file}.lost`, file)],
    ["readable to others", (file) => (writeFileSync(file, Buffer.alloc(32)), chmodSync(file, 0o644))],
    ["too short", (file) => writeFileSync(file, "short", { mode: 0o600 })],
    ["a directory", (file) => mkdirSync(file)],
  ])(
    "that can't be trusted is left alone: %s. A key of this run does instead, and the log says so",
    async (_, spoil) => {
      await using folder = await temporaryFolder();
      const file = join(folder.path, "seal.key");
      spoil(file);
      const before = readdirSync(folder.path);
      const lines: string[] = [];
      const seal = openSeal(
        folder.path,
        createLog("warn", (line) => lines.push(line)),
      );
      expect(seal.open("reasoning", seal.close("reasoning", "a"))).toBe("a");
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain("can't be kept");
      expect(readdirSync(folder.path)).toEqual(before);
    },
  );

  test("of whoever is first is everyone's", async () => {
    await using folder = await temporaryFolder();
    const seals = Array.from({ length: 4 }, () => openSeal(folder.path, silent));
    const sealed = seals.map((seal) => seal.close("reasoning", "a"));
    for (const seal of seals) for (const one of sealed) expect(seal.open("reasoning", one)).toBe("a");
    const file = join(folder.path, "seal.key");
    linkSync(file, `${file}.copy`);
    expect(readFileSync(file)).toHaveLength(32);
  });
});
