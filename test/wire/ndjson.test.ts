import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ProxyError } from "../../src/error.ts";
import { formatLine, readLines } from "../../src/wire/ndjson.ts";
import { cutBytes, cuts, streamOf } from "../support/bytes.ts";
import { flat } from "../support/flat.ts";

const maxLine = 1_000_000;
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const json = fc.jsonValue({ stringUnit: "binary" }).map((value) => JSON.parse(JSON.stringify(value)) as unknown);

async function read(...chunks: (Uint8Array | string)[]): Promise<{ values: unknown[]; noise: string[] }> {
  const noise: string[] = [];
  const values = await Array.fromAsync(
    flat(readLines(streamOf(...chunks), { maxLine, onNoise: (text) => void noise.push(text) })),
  );
  return { values, noise };
}

describe("readLines", () => {
  test("gives the same records for any split of the bytes", () =>
    fc.assert(
      fc.asyncProperty(fc.array(json), cuts, fc.constantFrom("\n", "\r\n", "\n\n"), async (records, places, end) => {
        const bytes = encode(records.map((record) => JSON.stringify(record) + end).join(""));
        expect(await read(...cutBytes(bytes, places))).toEqual({ values: records, noise: [] });
      }),
    ));

  test("gives together what one chunk ends", async () => {
    const chunks = ['1\n{"a"', ":2}\n3\n4", "", "5\n\n", "6"];
    expect(await Array.fromAsync(readLines(streamOf(...chunks), { maxLine }))).toEqual([[1], [{ a: 2 }, 3], [45], [6]]);
  });

  test("reads a last line without a line feed", async () => {
    expect(await read('{"a":1}\n{"b"', ":2}")).toEqual({ values: [{ a: 1 }, { b: 2 }], noise: [] });
  });

  test("reads values that are falsy", async () => {
    expect((await read('null\n0\nfalse\n""\n')).values).toEqual([null, 0, false, ""]);
  });

  test("keeps a character that is split over chunks", async () => {
    expect((await read(...cutBytes(encode('"😀é"\n'), [0.2, 0.3, 0.4, 0.5, 0.6, 0.7]))).values).toEqual(["😀é"]);
  });

  test("tells of lines that are no JSON and goes on", async () => {
    expect(await read('warning: x\n{"a":1}\n{"a":1}x\n{"a":\n \t\r\n[1]')).toEqual({
      values: [{ a: 1 }, [1]],
      noise: ["warning: x", '{"a":1}x', '{"a":'],
    });
  });

  test("bounds the noise that it tells of", async () => {
    const { noise } = await read("x".repeat(10_000));
    expect(noise).toHaveLength(1);
    expect(noise[0]?.length).toBeLessThan(1000);
  });

  test("takes JSON nested too deeply for noise", async () => {
    expect((await read("[".repeat(400_000), '\n{"a":1}\n')).values).toEqual([{ a: 1 }]);
  });

  test("refuses a line over the limit, also one that never ends, after the lines before it", async () => {
    for (const rest of ["123456789\n", "123456789", "12345678\r\n"]) {
      for (const places of [[], [0.1], [0.3, 0.5, 0.9]]) {
        const values: unknown[] = [];
        const reading = (async () => {
          const bytes = encode(`12345678\n${rest}`);
          for await (const some of readLines(streamOf(...cutBytes(bytes, places)), { maxLine: 8 }))
            values.push(...some);
        })();
        const error = await reading.catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ProxyError);
        expect(error).toMatchObject({ kind: "upstream" });
        expect(values).toEqual([12345678]);
      }
    }
  });

  test("counts the bytes that came, and not what is written for those that are no text", async () => {
    const line = Uint8Array.of(0x80, 0x80, 0x80, 0x80);
    const noise: string[] = [];
    const bytes = Uint8Array.of(...line, 0x0a, ...line, 0x0a);
    const values = readLines(streamOf(bytes), { maxLine: line.length, onNoise: (text) => void noise.push(text) });
    expect(await Array.fromAsync(values)).toEqual([]);
    expect(noise).toEqual(["\ufffd".repeat(4), "\ufffd".repeat(4)]);
  });

  test("joins a line of many chunks once", async () => {
    const text = "x".repeat(2_000_000);
    const bytes = encode(JSON.stringify(text));
    const pieces = Array.from({ length: 20_000 }, (_, n) => bytes.subarray(n * 101, (n + 1) * 101));
    expect(await Array.fromAsync(flat(readLines(streamOf(...pieces), { maxLine: 3_000_000 })))).toEqual([text]);
  });

  test("reads a ReadableStream, and cancels it when the reader leaves", async () => {
    const left = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(encode("1\n")),
      cancel: () => left.resolve(),
    });
    for await (const values of readLines(stream, { maxLine })) {
      expect(values).toEqual([1]);
      break;
    }
    await left.promise;
  });
});

describe("formatLine", () => {
  test("writes one line that reads back as the value", () =>
    fc.assert(
      fc.asyncProperty(fc.array(json), cuts, async (records, places) => {
        const lines = records.map(formatLine);
        for (const line of lines) expect(line).toMatch(/^[^\n\r\u2028\u2029]*\n$/);
        expect((await read(...cutBytes(encode(lines.join("")), places))).values).toEqual(records);
      }),
    ));

  test("escapes the line separators that JSON leaves alone", () => {
    expect(formatLine("a\u2028b\u2029c\nd")).toBe('"a\\u2028b\\u2029c\\nd"\n');
  });

  test("refuses what has no JSON form, which would end the reader", () => {
    expect(() => formatLine(undefined)).toThrow("undefined has no JSON form");
  });
});
